"""The ledger: the database of players, jobs, payoffs, decisions and matches."""

from league.ledger.ledger import EXACT, Ledger, PayoffRow
from league.ledger.records import BotRow, MatchRow
from league.ledger.tournament import TournamentLedger

__all__ = ["EXACT", "BotRow", "Ledger", "MatchRow", "PayoffRow", "TournamentLedger"]
