"""The standings page: one HTML file with everything in it, replays too."""

from league.tournament.page.page import rewrite, write

__all__ = ["rewrite", "write"]
