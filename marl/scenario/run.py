"""The scenario of a run directory."""

from __future__ import annotations

from pathlib import Path

from marl.errors import UserError
from marl.registry import Registry
from marl.scenario.load import load_scenario
from marl.scenario.record import FILE
from marl.scenario.scenario import Scenario


def load_run(run: Path, registry: Registry, absent: bool = False) -> Scenario:
    """What is run in a directory. Raises UserError where that is no run directory.

    With `absent`, what it names may be missing here, for those who only read: see `Scenario.absent`.
    """
    if not (run / FILE).is_file():
        what = f"has no {FILE}" if run.is_dir() else "does not exist" if not run.exists() else "is a file"
        raise UserError(f"{run} is not a run directory: it {what}{runs_here()}")
    return load_scenario(run / FILE, [], registry, absent)


def runs_here() -> str:
    """The runs below `runs/` as the end of a sentence, "" where there are none."""
    known = sorted(str(file.parent) for file in Path("runs").glob(f"*/{FILE}"))
    return f"; runs here: {', '.join(known)}" if known else ""
