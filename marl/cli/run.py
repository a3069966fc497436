"""`marl run` and `marl resume`."""

from __future__ import annotations

import sys
from pathlib import Path

from marl.cli.command import argument, option
from marl.registry import RUNNERS, Registry

_LOCKED = option(False, "--locked", help="Refuse plugins that are others than those in lock.json beside the scenario.")


def run(
    scenario: str = argument(help="A scenario's name (`marl scenarios list`), or a YAML file."),
    overrides: list[str] = argument(None, metavar="[KEY=VALUE]...", help="Change keys: seed=3 env.players=2"),
    out: Path = option(None, "--out", metavar="DIR", help="The run directory.  [default: runs/NAME]"),
    locked: bool = _LOCKED,
) -> None:
    """Run a scenario."""
    from marl.registry import load_registry
    from marl.scenario import load_scenario, locate
    from marl.scenario.record import changed

    registry = load_registry()
    if locked:
        _hold(locate(scenario, registry).parent, registry, scenario)
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
    locked: bool = _LOCKED,
) -> None:
    """Go on with a run that was stopped or is finished, perhaps longer, otherwise, or elsewhere.

    What changes, and when, is written down in journal.jsonl in the run directory.
    """
    from marl.registry import load_registry
    from marl.run.branch import branch
    from marl.run.change import changed
    from marl.scenario import record

    registry = load_registry()
    if locked:
        _hold(directory, registry, str(directory))
    loaded = changed(directory, overrides or [], registry)
    for note in record.changed(loaded, registry):
        print(f"note: {note}: the result may differ from an undisturbed run", file=sys.stderr)
    if out is not None:
        branch(directory, out, registry)
    runner = registry.load(registry.find(RUNNERS, loaded.kind))
    runner(loaded, registry, out or directory, True)


def _hold(folder: Path, registry: Registry, what: str) -> None:
    """Refuse other plugins than `what` in a folder was run with, and say what else is different."""
    from marl.scenario import lock

    then = lock.read(folder)
    lock.hold(then, registry, what)
    if differing := lock.other_requirements(then, lock.lock(registry, (one.name for one in then.used))):
        print(f"note: {', '.join(differing)}: the result may differ from that run's", file=sys.stderr)
