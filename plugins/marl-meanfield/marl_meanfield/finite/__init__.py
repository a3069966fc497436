"""The game of N agents that a mean-field game is the limit of: an environment, and how good the limit's policy is."""
