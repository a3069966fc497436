"""The ledger: the database of players, jobs, payoffs, decisions and matches."""

from league.ledger.ledger import FILE, Ledger
from league.ledger.records import BotRow, MatchRow
from league.ledger.tournament import TournamentLedger

__all__ = ["FILE", "BotRow", "Ledger", "MatchRow", "TournamentLedger"]
