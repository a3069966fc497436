"""Population: who is in a league."""

from league.population.population import Population

__all__ = ["Population"]
