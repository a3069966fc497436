"""Matches that a meta-strategy costs: racing PSRO's cells against the same precision everywhere, on noisy tables.

A field of good and bad players of whom those who are alike beat each other in a circle; a match ends with a normal
error of 1/2. Both ask until what they look at is known to 0.05 at 3 standard errors: uniform sampling looks at every
cell (900 matches each), racing at those that could change the answer. Both answers are compared with that of the table
without noise: NashConv there, and the total variation between the mixtures.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import _common as bench
import numpy as np

from league.filling import Filling
from league.ledger import Ledger
from league.metasolvers.nash import Nash
from league.payoffs.row import PayoffRow
from league.payoffs.source import Asked
from league.payoffs.table import Table
from league.player import Player
from league.strategies.racing_psro import Params, RacingPSRO
from league.view import LeagueView
from marl import rng
from marl.registry import load_registry
from marl.types import Floats

NOISE, PRECISION, ERRORS = 0.5, 0.05, 3.0
UNIFORM = math.ceil((ERRORS * NOISE / PRECISION) ** 2)  # matches a cell


class Noisy:
    """A payoff source: a zero-sum table with noise."""

    def __init__(self, table: Floats, seed: int, matches: int) -> None:
        self.table, self.seed, self.matches, self.played = table, seed, matches, 0

    def fill(self, asked: Sequence[Asked]) -> Iterator[list[PayoffRow]]:
        yield [self._row(one) for one in asked]

    def _row(self, one: Asked) -> PayoffRow:
        row, column = map(int, one.snapshots)
        keys = rng.mix(self.seed, *one.pairing, one.before, np.arange(one.count))
        values = self.table[row, column] + NOISE * rng.normal(keys)
        mean, m2 = float(values.mean()), float(((values - values.mean()) ** 2).sum())
        self.played += one.count
        return PayoffRow(one.pairing, one.before, one.count, (mean, -mean), (m2, m2))


def field(seed: int, players: int) -> Floats:
    """What each earns against each, `[n, n]`."""
    draws = np.random.default_rng(seed)
    skill, angle = draws.normal(size=players), draws.uniform(0, 2 * np.pi, size=players)
    return np.tanh(skill[:, None] - skill[None, :]) + 1.5 * np.sin(angle[:, None] - angle[None, :])


def sampled(source: Noisy, players: int, race: bool) -> Sequence[Floats]:
    """The equilibrium of what was played."""
    with TemporaryDirectory() as folder:
        filling = Filling(Ledger.at(Path(folder)), source, Table(2))
        members = [Player(f"{side}/{n}", (side,), str(n), 0) for side in range(2) for n in range(players)]
        for player in members:
            filling.join(filling.ledger.add_player(player), player)
        if race:
            strategy = RacingPSRO(load_registry(), Params(first=30, batch=120, precision=PRECISION, errors=ERRORS))
            view = lambda: LeagueView("", "", ("0", "1"), tuple(members), (), filling.payoffs)  # noqa: E731
            filling.answer(1, lambda: strategy.cells(view()), None, 0.0)
        else:
            filling.fill()
        filling.ledger.close()
        return Nash()(filling.payoffs)


def main() -> None:
    quick = bench.arguments(__doc__).quick
    players, seeds = (16, 3) if quick else (40, 10)
    rows = []
    for seed in range(seeds):
        table = field(seed, players)
        racing, uniform = Noisy(table, seed, 30), Noisy(table, seed + 100, UNIFORM)
        raced, even = sampled(racing, players, race=True), sampled(uniform, players, race=False)
        apart = max(float(np.abs(one - other).sum() / 2) for one, other in zip(raced, even, strict=True))
        gains = [float((table @ columns).max() - (rows_ @ table).min()) for rows_, columns in (raced, even)]
        rows.append((racing.played, uniform.played, apart, *gains))
        more = uniform.played / racing.played
        print(
            f"field {seed}: {racing.played:,} matches, uniformly {uniform.played:,}, {more:.1f} times as many",
            flush=True,
        )
        print(f"  mixtures {apart:.3f} apart, NashConv {gains[0]:.3f} and {gains[1]:.3f}", flush=True)
    ours, peer, apart, raced_gain, even_gain = map(float, np.median(rows, axis=0))
    bench.report(
        "racing_cells", ours, peer, peer / ours, "matches", players=players, apart=apart, nash_conv=raced_gain,
        uniform_nash_conv=even_gain, worst=max(row[3] for row in rows),
    )  # fmt: skip


if __name__ == "__main__":
    main()
