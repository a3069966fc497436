"""Strategies that say which cells they want, and how precisely: the same answer from far fewer matches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from league.filling import Filling
from league.ledger import Ledger
from league.manager import Manager
from league.metasolvers.alpharank import AlphaRank
from league.metasolvers.nash import Nash
from league.payoffs import Payoffs
from league.payoffs.cells import Cell
from league.payoffs.row import PayoffRow
from league.payoffs.source import Asked
from league.payoffs.table import Table
from league.player import Player
from league.strategies.racing_psro import Params, RacingPSRO
from league.strategies.response_graph_psro import Params as GraphParams
from league.strategies.response_graph_psro import ResponseGraphPSRO, drawn, unresolved
from league.view import LeagueView
from marl import rng
from marl.errors import RunError
from marl.registry import load_registry
from marl.types import Floats

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]


class Noisy:
    """A zero-sum table whose matches end with a normal error of 1/2."""

    matches = 0

    def __init__(self, table: Floats, seed: int, matches: int = 100) -> None:
        self.table, self.seed, self.matches = table, seed, matches
        self.played = 0

    def fill(self, asked: Sequence[Asked]) -> Iterator[list[PayoffRow]]:
        yield [self._row(one) for one in asked]

    def _row(self, one: Asked) -> PayoffRow:
        row, column = (int(id.rpartition(" ")[2]) for id in one.snapshots)
        keys = rng.mix(self.seed, *one.pairing, one.before, np.arange(one.count))
        values = self.table[row, column] + 0.5 * rng.normal(keys)
        mean, m2 = float(values.mean()), float(((values - values.mean()) ** 2).sum())
        self.played += one.count
        return PayoffRow(one.pairing, one.before, one.count, (mean, -mean), (m2, m2))


def strengths(seed: int, players: int) -> Floats:
    """A field of good and bad players, of which those who are alike beat each other in a circle."""
    draws = np.random.default_rng(seed)
    skill, angle = draws.normal(size=players), draws.uniform(0, 2 * np.pi, size=players)
    return np.tanh(skill[:, None] - skill[None, :]) + 1.5 * np.sin(angle[:, None] - angle[None, :])


def filled(tmp_path: Path, source: Noisy, players: int) -> tuple[Filling, Callable[[], LeagueView]]:
    """An empty table of two sides of so many players each, and the view of it."""
    filling = Filling(Ledger.at(tmp_path), source, Table(2))
    members = [Player(f"{side}/{n}", (side,), f"snapshot {n}", 0) for side in range(2) for n in range(players)]
    for player in members:
        filling.join(filling.ledger.add_player(player), player)
    return filling, lambda: LeagueView("league", "env", ("0", "1"), tuple(members), (), filling.payoffs)


def nash_conv(table: Floats, mixtures: Sequence[Floats]) -> float:
    rows, columns = mixtures
    return float((table @ columns).max() - (rows @ table).min())


@pytest.mark.parametrize("seed", range(3))
def test_racing_finds_what_uniform_sampling_finds_with_far_fewer_matches(tmp_path: Path, seed: int) -> None:
    """Both know every player in the race to 0.05 at 3 standard errors: uniformly, 900 matches a cell."""
    players, table = 24, strengths(seed, 24)
    source, params = Noisy(table, seed), Params(first=30, batch=120, precision=0.05)
    (tmp_path / "racing").mkdir()
    (tmp_path / "uniform").mkdir()
    racing, view = filled(tmp_path / "racing", source, players)
    strategy = RacingPSRO(load_registry(), params)
    racing.answer(1, lambda: strategy.cells(view()), None, 0.0)
    uniform, _ = filled(tmp_path / "uniform", Noisy(table, seed + 100, 900), players)
    uniform.fill()
    tables = (racing.payoffs, uniform.payoffs, Payoffs.of([table, -table]))
    found, known, right = (Nash()(payoffs) for payoffs in tables)
    assert nash_conv(table, found) < 2 * params.precision
    for one, other, best in zip(found, known, right, strict=True):
        assert np.abs(one - other).sum() / 2 < 0.1 and np.abs(one - best).sum() / 2 < 0.1
    assert source.played < uniform.source.matches * players**2 / 10
    racing.ledger.close()
    uniform.ledger.close()


KUHN = "env: classic/kuhn_poker\npayoffs: {source: {name: sampled, matches: 50}}\nstop: {iterations: 2}\n"
RACE = KUHN + "strategy: {name: racing_psro, first: 40, batch: 100, precision: 0.2}\n"


def test_players_who_lost_are_not_played_on(league: Make) -> None:
    manager = league(RACE)
    list(manager.run())
    count = manager.filling.payoffs.count
    assert 3 * count.min() < count.max()
    kinds = {row[0] for row in decisions(manager) if row[0].startswith("cells")}
    assert len(kinds) > 2


def decisions(manager: Manager) -> list[tuple[str, int, Any]]:
    with manager.ledger.engine.connect() as connection:
        rows = connection.exec_driver_sql("select kind, iteration, data from decisions order by id").all()
    return [(kind, iteration, json.loads(data)) for kind, iteration, data in rows]


@pytest.mark.parametrize("where", ["between rounds", "in a round"])
def test_a_league_that_is_killed_while_it_races_ends_the_same(league: Make, where: str, monkeypatch: Any) -> None:
    """In a round: a strategy that saw a half-filled table would ask for something else."""
    monkeypatch.setattr("league.items.shares.MATCHES", 150)  # several batches a round
    whole = league(RACE)
    list(whole.run())
    cut = league(RACE, run="cut")
    decide, add, asked = cut.ledger.decide, cut.ledger.add_payoffs, [("", 0)]

    def deciding(kind: str, iteration: int, data: Any, seconds: float) -> None:
        decide(kind, iteration, data, seconds)
        asked.append((kind, len(data)))
        if where == "between rounds" and kind == "cells 2":
            raise KeyboardInterrupt

    def adding(rows: Any) -> None:
        add(rows)
        kind, cells = asked[-1]
        if where == "in a round" and kind == "cells 2" and cells > len(rows):
            raise KeyboardInterrupt

    cut.ledger.decide, cut.ledger.add_payoffs = deciding, adding  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        list(cut.run())
    again = league(RACE, run="cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


def test_a_limit_ends_the_rounds(league: Make) -> None:
    manager = league(RACE, "payoffs.limit=500", "stop.iterations=1")
    list(manager.run())
    for iteration in (0, 1):
        asked = [data for kind, number, data in decisions(manager) if kind.startswith("cells") and number == iteration]
        assert 0 < sum(more for cells in asked for _, _, more in cells) <= 500


def test_where_payoffs_are_exact_one_answer_is_enough(league: Make) -> None:
    manager = league("env: classic/kuhn_poker\nstrategy: racing_psro\nstop: {iterations: 3}\n")
    exact = league("env: classic/kuhn_poker\nstrategy: psro\nstop: {iterations: 3}\n", run="exact")
    assert [one.mixtures for one in manager.run()] == [one.mixtures for one in exact.run()]
    assert {kind for kind, _, _ in decisions(manager)} >= {"cells 0"}
    assert "cells 1" not in {kind for kind, _, _ in decisions(manager)}


def test_cells_are_of_different_players_and_counts_hold(tmp_path: Path) -> None:
    filling, _ = filled(tmp_path, Noisy(np.zeros((3, 3)), 1, matches=20), 3)
    filling.join(7, Player("0/3", (0,), "snapshot 1", 1))  # the same as 0/1
    ask = [Cell((3, 0), 50), Cell((1, 0), 30), Cell((2, 2)), Cell((0, 0))]
    lacking = filling.table.lacking(ask, 20)
    assert [(one.pairing, one.before, one.count) for one in lacking] == [
        ((1, 4), 0, 20),
        ((2, 4), 0, 50),
        ((3, 6), 0, 20),
    ]
    filling.answer(0, lambda: ask, None, 0.0)
    assert filling.payoffs.count[[0, 1, 2, 3], [0, 0, 2, 0]].tolist() == [20, 50, 20, 50]
    assert filling.table.lacking(ask, 20) == []
    filling.ledger.close()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x", "one is a str"),
        (Cell((0,)), r"players is \(0,\)"),
        (Cell((0, 9)), "players"),
        (Cell((0, 0), 0), "count is 0"),
    ],
)
def test_cells_that_cannot_be_are_said_to_be_the_strategys(league: Make, cell: Any, said: str) -> None:
    manager = league(RACE)
    manager.strategy.strategy.cells = lambda view: [cell]  # type: ignore[attr-defined]
    with pytest.raises(RunError, match=said) as error:
        list(manager.run())
    assert "league/racing_psro" in str(error.value)


@pytest.mark.parametrize("seed", range(2))
def test_the_response_graph_ranks_as_the_table_without_noise(tmp_path: Path, seed: int) -> None:
    """All edges resolved to 0.05, which every cell would take 900 matches for; and as far as the ranking changes."""
    players, table = 12, strengths(seed, 12)
    right, played = AlphaRank()(Payoffs.of([table, -table])), []
    for draws in (0, 8):
        (tmp_path / str(draws)).mkdir()
        source = Noisy(table, seed)
        filling, view = filled(tmp_path / str(draws), source, players)
        params = GraphParams(first=30, batch=120, precision=0.05, draws=draws, change=0.05)
        strategy = ResponseGraphPSRO(load_registry(), params)
        filling.answer(1, lambda strategy=strategy, view=view: strategy.cells(view()), None, 0.0)
        for found, known in zip(AlphaRank()(filling.payoffs), right, strict=True):
            assert np.abs(found - known).sum() / 2 < 0.05
        assert draws or not unresolved(filling.payoffs, 3.0, 0.05).any()
        played.append(source.played)
        filling.ledger.close()
    assert played[1] < played[0] / 5 < 900 * players**2 / 5


def test_an_edge_is_unclear_where_intervals_overlap() -> None:
    """Against the first column the two rows are far apart, against the second they are not; the third is exact."""
    mean = np.array([[0.0, 0.0, 0.0], [1.0, 0.1, 0.0]])
    count, m2 = np.array([[100.0, 100, np.inf]] * 2), np.broadcast_to(np.array([99.0, 99, 0]), (2, 2, 3))
    payoffs = Payoffs(np.stack([mean, -mean]), count, m2, (np.arange(2), np.arange(3)))
    rows = unresolved(Payoffs(payoffs.mean[:1], count, m2[:1], (np.arange(2), np.arange(3))), 3.0, 0.01)
    assert rows.tolist() == [[False, True, False], [False, True, False]]
    assert not unresolved(payoffs, 3.0, 0.4).any()  # half the interval is 0.3
    table = drawn(payoffs, 1)
    np.testing.assert_array_equal(table.mean[0], -table.mean[1])
    assert (table.mean[0][:, 2] == 0).all() and (table.mean[0] != payoffs.mean[0])[:, :2].all()
