"""Strategies: what decides the next jobs of a league."""
