"""Reading a league's run directory: the view that reports and commands show, from the ledger alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from league.config import LeagueConfig
from league.iteration import Iteration
from league.ledger import FILE, Ledger, brief
from league.ledger.sound import check, check_briefly
from league.payoffs import Payoffs
from league.payoffs.table import Table
from league.player import Player
from league.value import About
from league.view import LeagueView
from marl.errors import UserError
from marl.registry import load_registry
from marl.scenario import FILE as SCENARIO
from marl.scenario import load_run, plain

MANY = 20_000  # payoffs that are read and checked in no time to speak of

_UNREAD = (
    "note: {count:,} payoffs and all iterations but the last were not read, and so not checked for damage; "
    "`marl league players {run}` reads and checks everything"
)


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
def opened(run: Path, briefly: bool = False) -> Iterator[tuple[Ledger, LeagueView]]:
    """The ledger of a run directory and its view. Reading disturbs no run that is going on.

    `briefly`: where there are very many payoffs, without them, and with the last iteration alone; a note says that the
    rest was not checked for damage.
    """
    ledger = open_ledger(run)
    try:
        scenario = load_run(run, load_registry(), absent=True)
        for sentence in scenario.absent:
            print(f"note: {sentence}", file=sys.stderr)
        if briefly and (count := brief.payoff_count(ledger)) > MANY:
            check_briefly(ledger, plain(scenario.config.env))
            print(_UNREAD.format(count=count, run=run), file=sys.stderr)
            yield ledger, read_briefly(ledger, scenario.config)
            return
        check(ledger, plain(scenario.config.env))
        yield ledger, read_view(ledger, scenario.config, scenario.text)
    finally:
        ledger.close()


def read_view(ledger: Ledger, config: LeagueConfig, text: str = "") -> LeagueView:
    """The league as its ledger has it. `text` is the resolved scenario."""
    members = ledger.players()
    sides, symmetric = _shape(members)
    table = Table(sides, symmetric)
    for id, player in members:
        table.join(id, player)
    table.add(ledger.payoffs())
    return _view(ledger, config, members, ledger.iterations(), table.payoffs, ledger.measured(), text)


def read_briefly(ledger: Ledger, config: LeagueConfig) -> LeagueView:
    """Who is there and the last iteration, without payoffs: what `status` shows, however large the league is."""
    members = ledger.players()
    sides, symmetric = _shape(members)
    nothing = Payoffs.of([np.zeros((0,) * sides)] * (1 if symmetric else sides), symmetric=symmetric)
    last = brief.last_iteration(ledger)
    return _view(ledger, config, members, [last] if last else [], nothing, brief.abouts(ledger))


def _shape(members: Sequence[tuple[int, Player]]) -> tuple[int, bool]:
    """How many sides there are, and whether one population plays them all."""
    sides = 1 + max((max(player.sides) for _, player in members), default=-1)
    return sides, any(len(player.sides) > 1 for _, player in members)


def _view(
    ledger: Ledger,
    config: LeagueConfig,
    members: Sequence[tuple[int, Player]],
    iterations: Sequence[Iteration],
    payoffs: Payoffs,
    measured: Mapping[str, About],
    text: str = "",
) -> LeagueView:
    sides, _ = _shape(members)
    ended = ledger.decisions("finished").get(iterations[-1].number) if iterations else None
    names = {side: player.population for _, player in members for side in player.sides}
    return LeagueView(
        name=config.name,
        env=config.env.name,
        sides=tuple(names[side] for side in range(sides)),
        players=tuple(player for _, player in members),
        iterations=tuple(iterations),
        payoffs=payoffs,
        scenario=text,
        finished=ended is not None,
        reason=str(ended[0].get("reason", "")) if ended is not None else "",
        measured=measured,
        planned=config.stop.iterations,
    )
