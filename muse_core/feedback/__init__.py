"""What people say of served turns, on its way into training: scrubbed, kept apart, reviewed, entered."""
