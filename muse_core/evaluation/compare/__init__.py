"""Runs side by side: every figure of their models with its paired difference, and what each model cost."""
