"""`marl run` and `marl resume`."""

from __future__ import annotations

import sys
from pathlib import Path

from marl.cli.command import argument, option
from marl.registry import RUNNERS


def run(
    scenario: str = argument(help="A scenario's name (`marl scenarios list`), or a YAML file."),
    overrides: list[str] = argument(None, metavar="[KEY=VALUE]...", help="Change keys: seed=3 env.players=2"),
    out: Path = option(None, "--out", metavar="DIR", help="The run directory.  [default: runs/NAME]"),
) -> None:
    """Run a scenario."""
    from marl.registry import load_registry
    from marl.scenario import load_scenario
    from marl.scenario.record import changed

    registry = load_registry()
    loaded = load_scenario(scenario, overrides or [], registry)
    for note in changed(loaded, registry, f"{loaded.source} was written"):
        print(f"note: {note}: the result may differ from that run's", file=sys.stderr)
    runner = registry.load(registry.find(RUNNERS, loaded.kind))
    runner(loaded, registry, out or Path("runs") / loaded.name, False)


def resume(
    directory: Path = argument(metavar="RUN", help="The run directory."),
    overrides: list[str] = argument(
        None, metavar="[KEY=VALUE]...", help="Change keys from here on: env_steps=2000000 stop.iterations=50"
    ),
    out: Path = option(None, "--out", metavar="DIR", help="Leave RUN as it is, and go on in a copy of it, here."),
) -> None:
    """Go on with a run that was stopped or is finished, perhaps longer, otherwise, or elsewhere.

    What changes, and when, is written down in journal.jsonl in the run directory.
    """
    from marl.registry import load_registry
    from marl.run.branch import branch
    from marl.run.change import changed
    from marl.scenario import record

    registry = load_registry()
    loaded = changed(directory, overrides or [], registry)
    for note in record.changed(loaded, registry):
        print(f"note: {note}: the result may differ from an undisturbed run", file=sys.stderr)
    if out is not None:
        branch(directory, out, registry)
    runner = registry.load(registry.find(RUNNERS, loaded.kind))
    runner(loaded, registry, out or directory, True)
