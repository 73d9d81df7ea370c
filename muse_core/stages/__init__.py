"""The stages, one module each: read -> compute -> write. Which there are: `muse_core/stage_table.py`."""
