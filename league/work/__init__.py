"""Everything that takes time is an item of work: here is who does it, whatever it is.

A pool is given a function, the *work*, and hands it items: in this process, in worker processes, or on a Ray cluster.
It knows nothing of what an item is; who uses it is told when one ends, fails, or when its worker died.
"""

from league.work.here import Here
from league.work.pool import Ended, Failure, Pool, Tell, Work
from league.work.processes import Processes

__all__ = ["Ended", "Failure", "Here", "Pool", "Processes", "Tell", "Work"]
