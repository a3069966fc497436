"""Centralised training, decentralised execution: actor-critics of teams whose critics see everything."""
