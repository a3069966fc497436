"""Solvers with networks: they see samples of agents' lives, and generalise over states. They need torch."""
