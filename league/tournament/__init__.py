"""Tournaments: an event directory, its bots, the host that plays the matches, and the standings."""
