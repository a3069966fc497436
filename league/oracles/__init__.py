"""Oracles: algorithms that answer a mixture of opponents."""
