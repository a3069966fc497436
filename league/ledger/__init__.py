"""The ledger: the database of players, jobs, payoffs and decisions."""

from league.ledger.ledger import Ledger, PayoffRow

__all__ = ["Ledger", "PayoffRow"]
