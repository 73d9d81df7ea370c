"""The part of a base's vocabulary that a shop needs (docs/decisions.md#a-smaller-vocabulary)."""
