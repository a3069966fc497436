"""Runs scenarios of `kind: tournament`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from rich.console import Console

from league.tournament.event import Event, create, discard, open_event
from league.tournament.operate import Options, farewell, operate
from league.tournament.page import write as write_page
from league.tournament.progress import Display
from league.tournament.standings import terminal, view
from league.tournament.submit import Terms, submit_all
from marl.errors import UserError
from marl.registry import Registry
from marl.run.directory import locked
from marl.scenario import FILE, Scenario
from marl.scenario.compare import differences


def run(scenario: Scenario, registry: Registry, out: Path, resume: bool) -> None:
    """Play a tournament in `out` with the bots that the scenario names, or go on with the one that is there."""
    new = not out.exists()
    with locked(out):
        if made := not (out / FILE).exists():
            event = create(out, scenario, registry)
        else:
            event = open_event(out, registry)
            if not resume and event.scenario.text != scenario.text:
                differing = differences(event.scenario.text, scenario.text)
                raise UserError(
                    f"{out} holds another event ({differing}): go on with that by `marl resume {out}`, or choose "
                    "another --out"
                )
        with closing(event):
            if not event.has_begun:
                try:
                    submit_all(event, event.config.bots, Terms(replace=True))
                except BaseException:
                    if made:  # an event without its bots is none
                        discard(out, folder=new)
                    raise
            _play(event, out)


def _play(event: Event, out: Path) -> None:
    """Play the event to its end, and show who is best."""
    console = Console(highlight=False)
    people = any(bot.kind == "person" for bot in event.roster())
    try:
        operate(event, Options(), Display(console, live=not people))
    except KeyboardInterrupt as reason:
        console.print(farewell(reason, f"marl resume {out}"), markup=False, soft_wrap=True)
        raise
    standings = view(event)
    write_page(event, out / "standings.html", standings)
    terminal.show(standings, console)
    console.print(f"page  {out / 'standings.html'}", markup=False, soft_wrap=True)
