"""Measures of diversity, the oracle that maximises them, and PSRO with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from league.diversity import Gain, Known
from league.diversity.behaviour_response import nearest
from league.diversity.cardinality import Cardinality, expected_cardinality
from league.diversity.policy_space import PolicySpace
from league.manager import Manager
from league.oracles.diverse_response import Params, by_chance, posed
from league.trials import solvers
from marl.errors import RunError, UserError
from marl.registry import load_registry
from marl.types import Floats

Make = Callable[..., Manager]
MEASURES = ["league/cardinality", "league/behaviour_response", "league/policy_space"]
LEAGUE = "strategy: {name: diverse_psro, oracle: {name: diverse_response, diversity: %s, weight: %g}}\n"


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 5))
def test_what_a_row_adds_to_the_cardinality_is_the_difference(seed: int, players: int, met: int) -> None:
    draws = np.random.default_rng(seed)
    table, row = draws.normal(size=(players, met)), draws.normal(size=met)
    known = Known(table, np.ones((players, 1)), np.full(players, 1 / players))
    added = expected_cardinality(np.vstack([table, row])) - expected_cardinality(table)
    assert Cardinality()(known, row, np.ones(1)).value == pytest.approx(added, abs=1e-9)


def test_copies_hardly_count_and_orthogonal_players_count_whole() -> None:
    assert expected_cardinality(1e3 * np.eye(3)) == pytest.approx(3, abs=1e-5)
    assert expected_cardinality(1e3 * np.ones((3, 1))) == pytest.approx(1, abs=1e-5)


def test_the_nearest_row_of_mixtures_is_on_the_hull() -> None:
    corners = np.array([[0.0, 0], [2, 0], [0, 2]])
    for row, found in (([0.5, 0.5], [0.5, 0.5]), ([2, 2], [1, 1]), ([-3, 1], [0, 1]), ([5, -1], [2, 0])):
        np.testing.assert_allclose(nearest(corners, np.array(row, dtype=float)), found, atol=1e-4)


@pytest.mark.parametrize("name", [*MEASURES, "normalised"])
def test_slopes_are_those_of_the_values(name: str) -> None:
    params = {"normalised": True} if name == "normalised" else {}
    assert solvers.diversity(load_registry(), "league/cardinality" if params else name, params) == ""


def test_a_slope_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: PolicySpace, known: Known, row: Floats, behaviour: Floats) -> Gain:
        return Gain(float(behaviour @ behaviour), np.zeros_like(row), behaviour)

    monkeypatch.setattr(PolicySpace, "__call__", wrong)
    with pytest.raises(RunError, match=r"league/policy_space.* says in by_behaviour\[0\]"):
        solvers.diversity(load_registry(), "league/policy_space", {})


@pytest.mark.parametrize("name", MEASURES)
def test_the_oracle_finds_what_is_worth_more_than_the_best_response(league: Make, name: str) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    manager = league("env: classic/kuhn_poker\nstop: {iterations: 3}\n" + LEAGUE % (name, 0.1))
    list(manager.run())
    (order, _), game = manager.strategy.next(manager.view(), []), manager.services.exact()
    names = ("own", "weights", "met")
    problem = posed(game, order.job, Params(**{key: order.job.params[key] for key in names}))
    assert len(problem.known.table) == len(order.job.params["own"]) >= 2
    np.testing.assert_allclose(problem.known.behaviours.sum(axis=1), 1)  # a match ends somewhere
    from league.hookspecs import DIVERSITIES

    measure = load_registry().make(DIVERSITIES, name, {})

    def worth(plan: Floats) -> float:
        gain = measure(problem.known, problem.row(plan), problem.behaviour(plan))
        return float(problem.gradient @ plan) + 2.0 * gain.value

    plain = problem.solved(measure, 0.0, 20, 1.0, None)
    np.testing.assert_array_equal(plain, problem.decisions.best(problem.gradient)[0])
    assert worth(problem.solved(measure, 2.0, 20, 1.0, None)) >= worth(plain) - 1e-9
    weak = by_chance(problem.decisions, 1)
    assert worth(problem.solved(measure, 2.0, 5, 0.5, weak)) > worth(weak)


def test_diverse_psro_finds_a_mixture_and_resumes_to_the_bit(league: Make) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    draws = np.random.default_rng(3).normal(size=(8, 8))
    game = json.dumps(((draws - draws.T) / 2).tolist())
    text = f"env: {{name: classic/matrix, payoffs: {game}}}\nstop: {{iterations: 9}}\n" + LEAGUE % (MEASURES[0], 0.3)
    whole = league(text)
    *_, last = whole.run()
    assert last.measures["nash_conv"].value == pytest.approx(0, abs=1e-6)
    run = league(text, run="cut").run()
    for _ in range(4):
        next(run)
    again = league(text, run="cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


@pytest.mark.slow
def test_all_nine_strategies_of_a_circle_are_found_as_the_scenario_says(league: Make) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    text = (Path(__file__).parents[2] / "scenarios" / "cyclic_diverse.yaml").read_text().replace("kind: league\n", "")
    *_, last = league(text).run()
    assert last.number <= 12
    assert last.measures["nash_conv"].value == pytest.approx(0, abs=1e-6)
    assert last.measures["effective_players"].value == pytest.approx(9, abs=1e-3)


def test_who_is_not_told_whom_to_differ_from_says_so(league: Make) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    with pytest.raises(UserError, match="use it with league/diverse_psro"):
        list(league("env: classic/kuhn_poker\nstrategy: {name: psro, oracle: league/diverse_response}\n").run())
    with pytest.raises(UserError, match="needs a game of two sides, and this one has 3"):
        next(league("env: {name: classic/kuhn_poker, players: 3}\nstrategy: diverse_psro\n", run="three").run())
