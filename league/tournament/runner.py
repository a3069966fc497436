"""Runs scenarios of `kind: tournament`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from league.tournament.event import create, open_event
from league.tournament.operate import Options, operate
from league.tournament.page import write as write_page
from league.tournament.progress import Display
from league.tournament.standings import terminal, view
from league.tournament.submit import submit
from marl.errors import UserError
from marl.registry import Registry
from marl.run.directory import locked
from marl.scenario import FILE, Scenario
from marl.scenario.compare import differences


def run(scenario: Scenario, registry: Registry, out: Path, resume: bool) -> None:
    """Play a tournament in `out` with the bots that the scenario names, or go on with the one that is there."""
    with locked(out):
        if (out / FILE).exists():
            event = open_event(out, registry)
            if not resume and event.scenario.text != scenario.text:
                differing = differences(event.scenario.text, scenario.text)
                raise UserError(
                    f"{out} holds another event ({differing}): go on with that by `marl resume {out}`, or choose "
                    "another --out"
                )
        else:
            event = create(out, scenario, registry)
        try:
            if not event.has_begun:
                for bot in event.config.bots:
                    submit(event, bot)
            console = Console(highlight=False)
            try:
                operate(event, Options(), Display(console))
            except KeyboardInterrupt:
                console.print(f"stopped; nothing is lost: go on with `marl resume {out}`", markup=False, soft_wrap=True)
                raise
            standings = view(event)
            terminal.show(standings, console)
            write_page(event, out / "standings.html", standings)
            console.print(f"page  {out / 'standings.html'}", markup=False, soft_wrap=True)
        finally:
            event.close()
