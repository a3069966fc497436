"""The standings page: one HTML file with everything in it, replays too."""

from league.tournament.page.page import write

__all__ = ["write"]
