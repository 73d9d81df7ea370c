"""Broken input for every reader of outside files: `python -m tests.fuzz --inputs 1000`."""
