"""Requests of people: who answers them how, and what goes wrong. The figures that a report leads with."""
