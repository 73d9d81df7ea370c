"""The stages, one module each: read -> compute -> write. The table of them, in DAG order, is re-exported
here; it reads what each module declares (READS, INPUTS, KIND) from source, so importing this is cheap."""

from __future__ import annotations

from muse_core.fingerprint import STAGE_NAMES, STAGES, Stage, stage_named

__all__ = ["STAGES", "STAGE_NAMES", "Stage", "stage_named"]
