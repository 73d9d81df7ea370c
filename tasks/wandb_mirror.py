"""The W&B run that mirrors an MLflow run, when `report_to` asks for one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from muse_core.errors import ConfigError, cannot_import


def open_wandb(project: str, name: str, params: Mapping[str, str], folder: Path) -> Any:
    """The run. ConfigError where wandb is not installed."""
    try:
        import wandb
    except ImportError as problem:
        raise ConfigError(
            f"report_to names wandb, but {cannot_import('wandb', 'wandb', problem)}; "
            """or leave it out with --set 'report_to=["mlflow"]'"""
        ) from None
    return wandb.init(project=project, name=name, config=dict(params), dir=str(folder))
