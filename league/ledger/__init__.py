"""The ledger: the database of players, jobs, payoffs, decisions and matches."""

from league.ledger.ledger import EXACT, FILE, Ledger, PayoffRow
from league.ledger.records import BotRow, MatchRow
from league.ledger.tournament import TournamentLedger

__all__ = ["EXACT", "FILE", "BotRow", "Ledger", "MatchRow", "PayoffRow", "TournamentLedger"]
