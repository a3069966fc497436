"""Sequence form: known answers on a game small enough to write down, and properties on random ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marl.exact import Decisions, SequenceForm


def normal_form(*payoffs: np.ndarray) -> SequenceForm:
    """A matrix game: one information set a player."""
    shape = payoffs[0].shape
    players = [
        Decisions(
            parent=np.zeros(1, np.int64),
            start=np.ones(1, np.int64),
            size=np.array([n]),
            action=np.concatenate([[-1], np.arange(n)]),
            observation=np.ones((1, 1), np.float32),
            mask=np.ones((1, n), np.bool_),
            name=("only",),
        )
        for n in shape
    ]
    cells = np.argwhere(np.ones(shape))
    return SequenceForm.build(players, cells + 1, np.stack([payoff.ravel() for payoff in payoffs], axis=1))


RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def test_uniform_rock_paper_scissors_is_an_equilibrium() -> None:
    form = normal_form(RPS, -RPS)
    uniform = [player.plan(player.uniform()) for player in form.players]
    assert form.nash_conv(uniform) == pytest.approx(0.0)
    rock = [player.plan(np.eye(3)[:1]) for player in form.players]
    assert form.nash_conv(rock) == 2.0
    plan, value = form.best_response(1, rock)
    assert value == 1.0
    assert form.players[1].behaviour(plan).tolist() == [[0, 1, 0]]  # paper


def test_general_sum_values_are_each_players_own() -> None:
    row, column = np.array([[3.0, 0], [5, 1]]), np.array([[3.0, 5], [0, 1]])  # the prisoner's dilemma
    form = normal_form(row, column)
    cooperate = [player.plan(np.array([[1.0, 0.0]])) for player in form.players]
    assert form.returns(cooperate).tolist() == [3, 3]
    assert form.nash_conv(cooperate) == 4.0
    assert form.gradient(0, cooperate, of=1)[1:].tolist() == [3, 0]


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_best_responses_in_random_games_are_the_best_pure_action(seed: int, shape: list[int]) -> None:
    rng = np.random.default_rng(seed)
    payoffs = [rng.normal(size=shape) for _ in shape]
    form = normal_form(*payoffs)
    mixtures = [rng.dirichlet(np.ones(n)) for n in shape]
    plans = [player.plan(mixture[None]) for player, mixture in zip(form.players, mixtures, strict=True)]
    for player, payoff in enumerate(payoffs):
        expected = payoff
        for other in reversed(range(len(shape))):
            if other != player:
                expected = np.tensordot(expected, mixtures[other], axes=(other, 0))
        assert form.best_response(player, plans)[1] == pytest.approx(expected.max())
        assert form.returns(plans)[player] == pytest.approx(expected @ mixtures[player])
    assert form.nash_conv(plans) >= -1e-12


def two_moves() -> Decisions:
    """A player that moves (0, 1), and after 1 once more (0, 1, 2)."""
    return Decisions(
        parent=np.array([0, 2]),
        start=np.array([1, 3]),
        size=np.array([2, 3]),
        action=np.array([-1, 0, 1, 0, 1, 2]),
        observation=np.eye(2, dtype=np.float32),
        mask=np.array([[True, True, False], [True, True, True]]),
        name=("first", "second"),
    )


def test_plans_multiply_along_a_players_own_moves_and_back() -> None:
    decisions = two_moves()
    behaviour = np.array([[0.25, 0.75, 0], [0.5, 0.3, 0.2]])
    plan = decisions.plan(behaviour)
    assert plan.tolist() == pytest.approx([1, 0.25, 0.75, 0.375, 0.225, 0.15])
    np.testing.assert_allclose(decisions.behaviour(plan), behaviour)


def test_where_a_plan_never_goes_the_behaviour_is_uniform() -> None:
    decisions = two_moves()
    plan = decisions.plan(np.array([[1.0, 0, 0], [1.0, 0, 0]]))
    assert decisions.behaviour(plan)[1].tolist() == pytest.approx([1 / 3] * 3)


def test_the_best_plan_looks_ahead() -> None:
    plan, value = two_moves().best(np.array([10.0, 2.0, 1.0, 0.0, 5.0, 3.0]))
    assert value == 16.0  # 10 + 1 + 5 beats 10 + 2
    assert plan.tolist() == [1, 0, 1, 0, 1, 0]
