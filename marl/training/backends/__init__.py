"""Backends: where sampling and learning happen, in this process or on Ray."""
