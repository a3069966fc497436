"""Policies that the core brings."""
