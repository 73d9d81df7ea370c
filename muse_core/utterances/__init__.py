"""The log of what customers type: read, cleaned, folded, and read by rules against a catalogue."""
