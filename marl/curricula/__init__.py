"""The curricula that come with marl: one small file each. How-to: docs/curricula.md."""
