"""Strategies: what decides which jobs of a league are done next."""
