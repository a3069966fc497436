"""Gather, trade and build: the economy of the AI Economist, without its map."""
