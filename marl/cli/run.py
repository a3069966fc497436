"""`marl run` and `marl resume`."""

from __future__ import annotations

import sys
from pathlib import Path

import typer


def run(
    scenario: str = typer.Argument(help="A scenario's name (`marl scenarios list`), or a YAML file."),
    overrides: list[str] = typer.Argument(None, metavar="[KEY=VALUE]...", help="Change keys: seed=3 env.players=2"),
    out: Path = typer.Option(None, "--out", metavar="DIR", help="The run directory.  [default: runs/NAME]"),
) -> None:
    """Run a scenario."""
    from marl.registry import load_registry
    from marl.scenario import load_scenario

    registry = load_registry()
    loaded = load_scenario(scenario, overrides or [], registry)
    runner = registry.load(registry.find("runners", loaded.kind))
    runner(loaded, registry, out or Path("runs") / loaded.name, False)


def resume(directory: Path = typer.Argument(metavar="RUN", help="The run directory.")) -> None:
    """Go on with a run that was stopped."""
    from marl.registry import load_registry
    from marl.scenario import load_run
    from marl.scenario.record import changed

    registry = load_registry()
    loaded = load_run(directory, registry)
    for note in changed(loaded, registry):
        print(f"note: {note}: the result may differ from an undisturbed run", file=sys.stderr)
    runner = registry.load(registry.find("runners", loaded.kind))
    runner(loaded, registry, directory, True)
