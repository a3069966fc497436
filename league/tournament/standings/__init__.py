"""The standings: a view of the ledger, for terminals and as a page."""

from league.tournament.standings.view import Line, Meeting, Standings, view

__all__ = ["Line", "Meeting", "Standings", "view"]
