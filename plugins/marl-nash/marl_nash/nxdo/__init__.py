"""Neural extensive-form double oracle: a strategy, and the game of a population that it has solved."""
