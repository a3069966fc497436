"""The report of a training run's directory, for `marl report` and at the end of a run."""

from __future__ import annotations

import sys
from pathlib import Path

from marl.errors import UserError
from marl.page.sections import sections_of
from marl.registry import load_registry
from marl.scenario import load_run
from marl.training.history import FILE
from marl.training.report.page import write
from marl.training.report.view import read_view


def rewrite(run: Path, out: Path | None = None) -> Path:
    """Write report.html anew from the run's files, there or to `out`; its path. Disturbs no run that is going on."""
    registry = load_registry()
    scenario = load_run(run, registry, absent=True)
    for sentence in scenario.absent:
        print(f"note: {sentence}", file=sys.stderr)
    if not (run / FILE).is_file():
        raise UserError(f"{run} holds no training run: there is no {FILE} in it")
    page = out or run / "report.html"
    write(read_view(run, scenario.config, scenario.text), page, sections_of(run, registry))
    return page
