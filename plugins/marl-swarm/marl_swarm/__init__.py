"""Swarms: many agents that are alike, and what is learned for all of them as one distribution."""
