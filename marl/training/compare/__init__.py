"""Comparing runs of several seeds and tasks, as `marl compare` does."""
