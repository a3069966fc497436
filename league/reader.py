"""Reading a league's run directory: the view that reports and commands show, from the ledger alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from league.config import LeagueConfig
from league.ledger import FILE, Ledger
from league.ledger.sound import check
from league.payoffs.table import Table
from league.view import LeagueView
from marl.errors import UserError
from marl.registry import load_registry
from marl.scenario import FILE as SCENARIO
from marl.scenario import load_run, plain


def open_ledger(run: Path) -> Ledger:
    """The ledger of an existing league, to be read. Raises UserError where `run` holds none."""
    if not (run / FILE).exists():
        if url := shared(run):
            return Ledger(url)
        raise UserError(
            f"{run} holds no league: there is no ledger.db in it; name the directory of a run, as in runs/NAME"
        )
    return Ledger.reading(run)


def shared(run: Path) -> str | None:
    """The address of the ledger that a run shares with other machines, or None."""
    if not (run / SCENARIO).is_file():
        return None
    return getattr(load_run(run, load_registry(), absent=True).config, "ledger", None)


@contextmanager
def opened(run: Path) -> Iterator[tuple[Ledger, LeagueView]]:
    """The ledger of a run directory and its view. Reading disturbs no run that is going on."""
    ledger = open_ledger(run)
    try:
        scenario = load_run(run, load_registry(), absent=True)
        for sentence in scenario.absent:
            print(f"note: {sentence}", file=sys.stderr)
        check(ledger, plain(scenario.config.env))
        yield ledger, read_view(ledger, scenario.config, scenario.text)
    finally:
        ledger.close()


def read_view(ledger: Ledger, config: LeagueConfig, text: str = "") -> LeagueView:
    """The league as its ledger has it. `text` is the resolved scenario."""
    members = ledger.players()
    sides = 1 + max((max(player.sides) for _, player in members), default=-1)
    table = Table(sides, symmetric=any(len(player.sides) > 1 for _, player in members))
    for id, player in members:
        table.join(id, player)
    table.add(ledger.payoffs())
    iterations = ledger.iterations()
    ended = ledger.decisions("finished").get(iterations[-1].number) if iterations else None
    names = {side: player.population for _, player in members for side in player.sides}
    return LeagueView(
        name=config.name,
        env=config.env.name,
        sides=tuple(names[side] for side in range(sides)),
        players=tuple(player for _, player in members),
        iterations=tuple(iterations),
        payoffs=table.payoffs,
        scenario=text,
        finished=ended is not None,
        reason=str(ended[0].get("reason", "")) if ended is not None else "",
        measured=ledger.measured(),
        planned=config.stop.iterations,
    )
