"""The report of a league's run directory, for `marl report`."""

from __future__ import annotations

from pathlib import Path

from league.reader import opened
from league.report.page import write


def rewrite(run: Path) -> Path:
    """Write report.html anew from the ledger; its path. Disturbs no league that is going on."""
    with opened(run) as (_, view):
        write(view, run / "report.html")
    return run / "report.html"
