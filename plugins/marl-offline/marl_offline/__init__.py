"""Offline learning: algorithms that learn from recorded matches, and play none."""
