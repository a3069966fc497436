"""Mean-field games: infinitely many agents, solved exactly."""
