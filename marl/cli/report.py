"""`marl report`: a run's page, written anew."""

from __future__ import annotations

from pathlib import Path

import typer

from marl.errors import UserError


def report(run: Path = typer.Argument(metavar="RUN", help="The run directory, as in runs/NAME.")) -> None:
    """Write a run's report again, from its files, and say where it is.

    Training runs and leagues have a report.html, tournaments a standings.html. A run that is going on may be looked at.
    """
    from marl.registry import load_registry
    from marl.scenario import load_run

    registry = load_registry()
    kind = load_run(run, registry).kind
    reports = {found.name: found for found in registry.all("reports")}
    if kind not in reports:
        known = ", ".join(reports)
        raise UserError(f"{run} is of kind {kind!r}, which has no report; runs of kind {known} have one")
    print(registry.load(reports[kind])(run))
