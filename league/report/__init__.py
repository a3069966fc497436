"""The report of a league: one self-contained HTML file, drawn from a `LeagueView` and nothing else."""

from league.report.page import render, write

__all__ = ["render", "write"]
