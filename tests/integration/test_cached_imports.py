"""What a run that finds everything published need not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADS = """
import sys
import flows.pipeline
print(*sorted({"torch", "transformers", "onnx"} & set(sys.modules)))
"""


@pytest.mark.slow
def test_the_flow_is_imported_without_what_only_stages_use() -> None:
    """torch and transformers cost five of seven CPU seconds; a cached run computes nothing with them."""
    done = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
