"""The report of a league: one self-contained HTML file, drawn from a `LeagueView` and what its jobs logged."""

from league.report.learning import read_learning
from league.report.page import render, write

__all__ = ["read_learning", "render", "write"]
