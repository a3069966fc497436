"""Economies for marl: workers who earn, and a planner that sets taxes."""
