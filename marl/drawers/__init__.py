"""Drawers of replays: asked with care, and the one that comes with marl. How-to: docs/drawers.md."""
