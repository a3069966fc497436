"""Cooperative environments as vectorised numpy."""
