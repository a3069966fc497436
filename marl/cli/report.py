"""`marl report`: a run's page, written anew."""

from __future__ import annotations

import os
from pathlib import Path

from marl.cli.command import argument, option
from marl.errors import UserError
from marl.registry import REPORTS


def report(
    run: Path = argument(metavar="RUN", help="The run directory, as in runs/NAME."),
    out: Path = option(None, "--out", metavar="FILE", help="Where to write it.  [default: in the run directory]"),
) -> None:
    """Write a run's report again, from its files, and say where it is.

    Training runs and leagues have a report.html, tournaments a standings.html. A run that is going on may be looked at.
    """
    from marl.registry import load_registry
    from marl.scenario import load_run

    registry = load_registry()
    scenario = load_run(run, registry, absent=True)
    kind = scenario.kind
    reports = {found.name: found for found in registry.all(REPORTS)}
    if kind not in reports:
        known = ", ".join(reports)
        raise UserError(f"{run} is of kind {kind!r}, which has no report; runs of kind {known} have one")
    if out is None and not os.access(run, os.W_OK):
        raise UserError(
            f"{run} cannot be written: say where the report shall go, as in --out {run.resolve().name}.html"
        )
    if out is not None and out.is_dir():
        raise UserError(f"--out {out} is a directory: name the file, as in --out {out / 'report.html'}")
    print(registry.load(reports[kind])(run, out))
