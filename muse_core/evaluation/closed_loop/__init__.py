"""Simulated shoppers with hidden goals talk to a model: played, recorded, judged."""
