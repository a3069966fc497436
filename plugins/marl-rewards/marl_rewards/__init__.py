"""Rewards beside the game's own: shaping, events, diminishing returns, teams, exploration."""
