"""The script that MLflow runs to load a registered `muse` model (models from code)."""

from tasks.registered_model import announce

announce()
