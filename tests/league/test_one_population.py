"""A symmetric game has one population: half the players, half the matches, the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from league.checked.metasolver import CheckedMetaSolver
from league.ledger import Ledger
from league.ledger.sound import check
from league.manager import Manager
from league.measures.elo import fitted
from league.metasolvers.nash import Nash
from league.payoffs import Payoffs
from league.payoffs.row import EXACT, PayoffRow
from league.payoffs.source import shared
from league.payoffs.table import Table
from league.player import Player
from league.reader import read_view
from league.report import render
from league.roster import roster
from marl.errors import RunError, UserError
from marl.job import Job
from marl.registry import Component, load_registry
from marl.types import Floats

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]


def blotto(soldiers: int) -> list[list[float]]:
    """Two fields, won by whoever sends more: a symmetric zero-sum game."""
    ways = [(one, soldiers - one) for one in range(soldiers + 1)]
    return [[float(np.sign(a - c) + np.sign(b - d)) for c, d in ways] for a, b in ways]


def symmetric_tensor(rng: np.random.Generator, sides: int, actions: int) -> Floats:
    """A random symmetric general-sum game, `[S, A, ...]`."""
    tables = rng.normal(size=(sides, *[actions] * sides))
    result = np.zeros_like(tables)
    for order in permutations(range(sides)):
        result += tables[list(order)].transpose(0, *(1 + np.array(order)))
    return result


@pytest.mark.parametrize("sides", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_a_table_of_pairings_in_order_of_birth_is_the_whole_table(sides: int, seed: int) -> None:
    """Every cell is filled once, whatever the order of its sides, and each side reads it as its own."""
    game = symmetric_tensor(np.random.default_rng(seed), sides, 6)
    table = Table(sides, symmetric=True)
    for id in range(6):
        table.join(id, Player(f"player/{id}", tuple(range(sides)), f"snapshot {id}", 0))
    asked = np.argwhere(table.missing())
    assert len(asked) == table.pairings < 6**sides
    for cell in asked.tolist():
        returns = shared(game[(slice(None), *cell)][None], np.array([cell]))[0]
        table.add([PayoffRow(tuple(cell), 0, EXACT, tuple(returns), (0.0,) * sides)])
    assert table.known == table.pairings
    assert not table.missing().any()
    np.testing.assert_allclose(np.stack(list(table.payoffs)), game)
    mixture = np.arange(1.0, 7.0) / 21
    expected = game[0]
    for _ in range(sides):
        expected = expected @ mixture
    assert table.payoffs.expected([mixture])[0] == pytest.approx(float(expected))


def test_sums_of_matches_merge_on_both_sides() -> None:
    table = Table(2, symmetric=True)
    for id in range(2):
        table.join(id, Player(f"player/{id}", (0, 1), f"snapshot {id}", 0))
    table.add([PayoffRow((0, 1), 0, 4, (1.0, 3.0), (4.0, 8.0)), PayoffRow((0, 1), 4, 4, (2.0, 5.0), (4.0, 8.0))])
    payoffs = table.payoffs
    assert payoffs[0][0, 1] == payoffs[1][1, 0] == 1.5
    assert payoffs[0][1, 0] == payoffs[1][0, 1] == 4.0
    assert payoffs.count.tolist() == [[0, 8], [8, 0]]
    assert payoffs.m2[0].tolist() == [[0, 10], [24, 0]]


def test_who_meets_himself_earns_what_his_sides_share() -> None:
    returns = np.array([[1.0, 4.0, 7.0], [1.0, 4.0, 7.0]])
    players = np.array([[5, 5, 9], [5, 6, 9]])
    assert shared(returns, players).tolist() == [[2.5, 2.5, 7.0], [1.0, 4.0, 7.0]]


def test_a_zero_sum_game_is_worth_nothing_for_certain_and_others_have_a_bound() -> None:
    count, m2 = np.full((2, 2), 16.0), np.full((1, 2, 2), 60.0)  # a variance of 4, an error of 1/2
    first = (np.arange(2),)
    nothing = Payoffs(np.array([[[0.0, 1.0], [-1.0, 0.0]]]), count, m2, first, symmetric=True)
    assert [float(part[0]) for part in nothing.expected([[0.5, 0.5]])] == [0.0, 0.0]
    something = Payoffs(np.array([[[1.0, 2.0], [3.0, 0.0]]]), count, m2, first, symmetric=True)
    means, margins = something.expected([[0.5, 0.5]])
    assert means.tolist() == [1.5]  # (0,1) and (1,0) are the same matches: their errors add up before they are squared
    assert margins[0] == pytest.approx(1.96 * np.sqrt(0.125**2 + 0.125**2 + 0.25**2), rel=1e-4)


def scenario(soldiers: int) -> str:
    payoffs = json.dumps(blotto(soldiers))
    return f"env: {{name: classic/matrix, payoffs: {payoffs}}}\nstrategy: {{name: psro, founder: marl/first}}\n"


@pytest.mark.parametrize("soldiers", [3, 5, 8])
def test_blotto_ends_where_two_populations_end_with_half_of_everything(league: Make, soldiers: int) -> None:
    one, two = league(scenario(soldiers)), league(scenario(soldiers), "population=by_side", run="two")
    done, other = list(one.run()), list(two.run())
    assert [i.measures["nash_conv"].value for i in done] == pytest.approx(
        [i.measures["nash_conv"].value for i in other], abs=1e-9
    )
    assert done[-1].measures["nash_conv"].value == pytest.approx(0, abs=1e-9)
    assert one.population.names == ("player",) and done[-1].values == (0.0,)
    assert sum(two.population.sizes) == 2 * one.population.sizes[0]
    assert count(two, "jobs") == 2 * count(one, "jobs")
    n = one.filling.table.sizes[0]
    assert (len(one.ledger.payoffs()), len(two.ledger.payoffs())) == (n * (n + 1) // 2, n * n)


def count(manager: Manager, table: str) -> int:
    with manager.ledger.engine.connect() as connection:
        return int(connection.exec_driver_sql(f"select count(*) from {table}").scalar_one())


def test_matches_are_halved_and_agree_with_the_game(league: Make) -> None:
    """General-sum: a player against itself is played, and both of its sides are told the same."""
    text = "env: {name: classic/chicken}\nstrategy: {name: psro, metasolver: prd}\nstop: {iterations: 2}\n"
    one = league(text, "payoffs.source=sampled", "payoffs.source.matches=500", "payoffs.pairings=all")
    list(one.run())
    exact, payoffs = one.services.exact(), one.filling.payoffs
    players = [player for _, player in one.population.members[0]]
    for (i, mine), (j, theirs) in product(enumerate(players), enumerate(players)):
        value = exact.form.returns([exact.plan(0, mine.snapshot), exact.plan(1, theirs.snapshot)])
        assert abs(payoffs[0][i, j] - value[0]) <= 4 * payoffs.margin[0][i, j] + 1e-9
        assert payoffs[0][i, j] == payoffs[1][j, i]
    rows = one.ledger.payoffs()
    assert all(row.pairing == tuple(sorted(row.pairing)) and row.count == 500 for row in rows)
    assert all(row.mean[0] == row.mean[1] for row in rows if row.pairing[0] == row.pairing[1])


def test_in_a_zero_sum_game_nobody_plays_himself(league: Make) -> None:
    one = league("env: classic/rock_paper_scissors\nstop: {iterations: 2}\n", "payoffs.source=sampled")
    list(one.run())
    assert {row.count for row in one.ledger.payoffs() if row.pairing[0] == row.pairing[1]} == {EXACT}
    assert {row.count for row in one.ledger.payoffs() if row.pairing[0] != row.pairing[1]} == {1000}


def test_a_killed_league_of_one_population_ends_the_same(league: Make) -> None:
    whole, cut = league(scenario(5)), league(scenario(5), run="cut")
    list(whole.run())
    run = cut.run()
    next(run)
    add = cut.ledger.add_payoffs

    def fail(rows: Any) -> None:
        raise KeyboardInterrupt

    cut.ledger.add_payoffs = fail  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        next(run)
    cut.ledger.add_payoffs = add  # type: ignore[method-assign]
    again = league(scenario(5), run="cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


def test_a_league_goes_on_with_the_populations_that_it_has(league: Make) -> None:
    """As one does that an older version began, in whose ledger every player is of one side."""
    first = league(scenario(5), "population=by_side", "stop.iterations=1")
    list(first.run())
    with first.ledger.engine.begin() as connection:
        connection.exec_driver_sql("alter table players add column side integer")
        connection.exec_driver_sql("update players set side = substr(sides, 2, 1)")
        connection.exec_driver_sql("alter table players drop column sides")
        connection.exec_driver_sql("update schema_version set version = 3")
    first.ledger.close()
    again = league(scenario(5))
    assert not again.one and again.population.sizes == (2, 2)
    assert list(again.run())[-1].measures["nash_conv"].value == pytest.approx(0, abs=1e-9)


def test_one_population_needs_a_symmetric_game(league: Make) -> None:
    with pytest.raises(UserError, match="population: one is asked for, but this environment does not say"):
        league("env: classic/kuhn_poker\npopulation: one\n")


def test_all_that_looks_at_a_league_shows_the_population_once(league: Make, tmp_path: Path) -> None:
    manager = league(scenario(5))
    list(manager.run())
    view = read_view(manager.ledger, manager.config)
    assert view.names == ("player",) and view.sides == ("player", "player")
    assert view.populations == manager.view().populations
    assert [np.array_equal(a, b) for a, b in zip(view.payoffs, manager.view().payoffs, strict=True)] == [True, True]
    page = render(view)
    assert page.count('<table class="ranking">') == 1
    (tmp_path / "run" / "scenario.yaml").write_text((tmp_path / "scenario.yaml").read_text())
    found = roster(tmp_path / "run")
    assert set(found.players) == {player.name for player in view.players}
    assert set(found.learned.values()) == {(0, 1)}
    assert len(found.best) == 1 and sum(weight for _, weight in found.best[0]) == pytest.approx(1)


def test_sides_that_are_one_population_follow_one_mixture() -> None:
    """Nash gives one, though the linear program finds others; a solver that gives two is told so."""
    table = np.array([[[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [-1.0, -1.0, 0.0]]])
    payoffs = Payoffs.of(table, symmetric=True)
    rows, columns = Nash()(payoffs)
    assert rows.tolist() == columns.tolist()
    solver = CheckedMetaSolver(Component("league/nash"), load_registry())
    assert len(solver(payoffs)) == 1
    solver.solve = lambda payoffs: [np.array([1.0, 0, 0]), np.array([0, 1.0, 0])]
    with pytest.raises(RunError, match="where weights of two sides differ by 1"):
        solver(payoffs)


def test_elo_of_one_population_is_that_of_its_payoffs() -> None:
    """What wins 3 of 4 is 400 log10(3) above: about 190.8."""
    mean = np.array([[[0.0, -0.5], [0.5, 0.0]]])
    strengths, _, rows = fitted(Payoffs.of(mean, symmetric=True))
    assert [row.tolist() for row in rows] == [[0, 1]]
    assert 400 / np.log(10) * (strengths[1] - strengths[0]) == pytest.approx(190.8, abs=1)


def test_players_of_both_kinds_in_one_ledger_are_damage(tmp_path: Path) -> None:
    ledger = Ledger.at(tmp_path)
    ledger.add_player(Player("player/0", (0, 1), "a", 0))
    ledger.add_player(Player("player_1/0", (1,), "b", 0))
    with pytest.raises(RunError, match="some players play all sides, and others one"):
        check(ledger)
    ledger.close()


def test_who_would_learn_one_side_only_is_told_before_it_learns(league: Make) -> None:
    """Strategies of one side a job; whoever learns on all sides has all networks."""
    manager = league("env: classic/rock_paper_scissors\n")
    next(manager.run())
    rival = ((manager.view().players[0].snapshot, 1.0),)
    apart = Job("rllib/ppo", 0, ((), rival), 1, params={"sharing": "side"})
    fault = manager.strategy._job_fault(apart, manager.view())
    assert fault is not None and "sharing is side" in fault[0] and "population: by_side" in fault[1]
    itself = replace(apart, opponents=((), (("self", 1.0),)))
    assert manager.strategy._job_fault(itself, manager.view()) is None
