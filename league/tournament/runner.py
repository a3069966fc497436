"""Runs scenarios of `kind: tournament`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from rich.console import Console

from league.tournament.event import Event, create, discard, open_event
from league.tournament.operate import Options, operate
from league.tournament.page import write as write_page
from league.tournament.progress import Display
from league.tournament.standings import terminal, view
from league.tournament.submit import Terms, submit_all
from marl.registry import Registry
from marl.run.directory import goes_on, locked
from marl.run.life import Run, carry_out
from marl.scenario import FILE, Scenario


def run(scenario: Scenario, registry: Registry, out: Path, resume: bool) -> None:
    """Play a tournament in `out` with the bots that the scenario names, or go on with the one that is there."""
    new = not out.exists()
    with locked(out):
        resumed = goes_on(out, FILE, "event", scenario, resume)
        with closing(open_event(out, registry) if resumed else create(out, scenario, registry)) as event:
            if not event.has_begun:
                try:
                    submit_all(event, event.config.bots, Terms(replace=True))
                except BaseException:
                    if not resumed:  # an event without its bots is none
                        discard(out, folder=new)
                    raise
            carry_out(Tournament(event))


class Playing(Run[Display]):
    """An event that is played, or gone on with, by its host."""

    def __init__(self, event: Event, options: Options, again: str) -> None:
        super().__init__(again)
        self.event, self.options = event, options

    def display(self, console: Console) -> Display:
        """A picture, unless people sit at this terminal."""
        people = any(bot.kind == "person" for bot in self.event.roster())
        return Display(console, live=not people)

    def work(self, display: Display) -> None:
        """Play the event to its end."""
        operate(self.event, self.options, display)

    def report(self) -> Path | None:
        """The host writes it when the time has come: `marl tournament standings`."""
        return None

    def summary(self, console: Console) -> list[str]:
        """That it is over."""
        return ["the event is over"]

    def following(self) -> list[str]:
        """See who is best."""
        return [f"marl tournament standings {self.event.path}"]


class Tournament(Playing):
    """A run of `kind: tournament`: who is best is shown when it is over."""

    def __init__(self, event: Event) -> None:
        super().__init__(event, Options(), f"marl resume {event.path}")
        self.page = event.path / "standings.html"

    def report(self) -> Path:
        """Write standings.html."""
        self.standings = view(self.event)
        write_page(self.event, self.page, self.standings)
        return self.page

    def summary(self, console: Console) -> list[str]:
        """The standings."""
        terminal.show(self.standings, console)
        return []

    def following(self) -> list[str]:
        """Check that all went by the rules."""
        return [f"marl tournament verify {self.event.path}"]
