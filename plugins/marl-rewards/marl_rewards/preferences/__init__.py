"""Rewards that are learned from what somebody prefers: judges, models of preferences, and questions to people."""
