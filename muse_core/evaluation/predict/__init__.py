"""What models are asked on the test side, and what they answer."""
