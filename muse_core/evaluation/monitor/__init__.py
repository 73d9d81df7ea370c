"""What is served against what was trained on: drift, and an alert."""
