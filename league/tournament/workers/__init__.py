"""Workers: processes that play one match at a time, on this machine or on a Ray cluster."""

from league.tournament.workers.pool import Pool
from league.tournament.workers.processes import Processes

__all__ = ["Pool", "Processes"]
