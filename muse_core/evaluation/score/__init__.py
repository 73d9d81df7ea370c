"""From answers to figures with intervals; pure."""
