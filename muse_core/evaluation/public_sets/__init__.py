"""Public test sets that a user has downloaded, as cases of ours; nothing of theirs is in the project."""
