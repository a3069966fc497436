"""The report of a league's run directory, for `marl report`."""

from __future__ import annotations

from pathlib import Path

from league.reader import opened
from league.report.learning import read_learning
from league.report.page import write
from marl.page.sections import sections_of
from marl.registry import load_registry


def rewrite(run: Path, out: Path | None = None) -> Path:
    """Write report.html anew from the ledger, there or to `out`; its path. Disturbs no league that is going on."""
    page = out or run / "report.html"
    with opened(run) as (_, view):
        write(view, page, read_learning(run), sections_of(run, load_registry()))
    return page
