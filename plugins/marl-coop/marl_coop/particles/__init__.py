"""Particle worlds: discs that are pushed about in a plane, as in MPE."""
