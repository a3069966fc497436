"""Matches that alpha-rank costs: the response graph, sampled adaptively, against the same precision everywhere.

The fields and the noise of `racing_cells.py`. All want to know who does better against whom: uniform sampling plays
every cell until half its interval is 0.02, at 3 standard errors (5,625 matches); the response graph plays on where
intervals overlap (`draws: 0`), or only until alpha-rank no longer changes by more than `change`. What is compared is
alpha-rank of what was played with that of the table without noise: the total variation between the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import _common as bench
import numpy as np
from racing_cells import NOISE, Noisy, field

from league.filling import Filling
from league.ledger import Ledger
from league.metasolvers.alpharank import AlphaRank
from league.payoffs import Payoffs
from league.payoffs.table import Table
from league.player import Player
from league.strategies.response_graph_psro import Params, ResponseGraphPSRO
from league.view import LeagueView
from marl.registry import load_registry
from marl.types import Floats

PRECISION, ERRORS = 0.02, 3.0
UNIFORM = math.ceil((ERRORS * NOISE / PRECISION) ** 2)
WAYS = {
    "all edges": Params(first=30, batch=240, precision=PRECISION, errors=ERRORS, draws=0),
    "change 0.02": Params(first=30, batch=240, precision=PRECISION, errors=ERRORS, change=0.02),
    "change 0.05": Params(first=30, batch=240, precision=PRECISION, errors=ERRORS, change=0.05),
}


def ranked(source: Noisy, players: int, params: Params | None) -> Sequence[Floats]:
    """Alpha-rank of what was played."""
    with TemporaryDirectory() as folder:
        filling = Filling(Ledger.at(Path(folder)), source, Table(2))
        members = [Player(f"{side}/{n}", (side,), str(n), 0) for side in range(2) for n in range(players)]
        for player in members:
            filling.join(filling.ledger.add_player(player), player)
        if params is None:
            filling.fill()
        else:
            strategy = ResponseGraphPSRO(load_registry(), params)
            view = lambda: LeagueView("", "", ("0", "1"), tuple(members), (), filling.payoffs)  # noqa: E731
            filling.answer(1, lambda: strategy.cells(view()), None, 0.0)
        filling.ledger.close()
        return AlphaRank()(filling.payoffs)


def main() -> None:
    quick = bench.arguments(__doc__).quick
    players, seeds = (10, 2) if quick else (16, 10)
    rows: dict[str, list[tuple[float, float]]] = {"uniform": []} | {name: [] for name in WAYS}
    for seed in range(seeds):
        table = field(seed, players)
        right = AlphaRank()(Payoffs.of([table, -table]))
        for name in rows:
            params = WAYS.get(name)
            source = Noisy(table, seed, UNIFORM if params is None else params.first)
            found = ranked(source, players, params)
            apart = max(float(np.abs(one - other).sum() / 2) for one, other in zip(found, right, strict=True))
            rows[name].append((source.played, apart))
    medians = {name: np.median(found, axis=0).tolist() for name, found in rows.items()}
    for name, (played, apart) in medians.items():
        worst = max(one for _, one in rows[name])
        print(f"{name:12} {played:12,.0f} matches, {apart:.4f} apart, worst {worst:.4f}")
    ours, peer = medians["change 0.02"][0], medians["uniform"][0]
    bench.report("response_graph", ours, peer, peer / ours, "matches", players=players, medians=medians)


if __name__ == "__main__":
    main()
