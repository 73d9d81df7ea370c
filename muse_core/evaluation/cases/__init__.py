"""Cases of one's own, and the sixty that no simulator made."""
