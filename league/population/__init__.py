"""Population: who is in a league."""
