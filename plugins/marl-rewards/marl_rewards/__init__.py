"""Rewards beside the game's own: potential-based shaping, team spirit, and curiosity by random network distillation."""
