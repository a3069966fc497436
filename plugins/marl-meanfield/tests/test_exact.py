"""Flows, values and best responses: what must hold for every game and every policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marl.errors import UserError
from marl.registry import load_registry
from marl_meanfield import exact
from marl_meanfield.checks import check
from marl_meanfield.games.crowd import Crowd
from marl_meanfield.games.crowd import Params as CrowdParams
from marl_meanfield.hookspecs import GAMES, SOLVERS
from marl_meanfield.solvers.mirror_descent import MirrorDescent
from marl_meanfield.solvers.mirror_descent import Params as MirrorParams

OWN = [found.full_name for found in load_registry().all(GAMES) if found.name != "openspiel"]
SMALL: dict[str, dict[str, Any]] = {
    "meanfield/crowd": {"size": 4, "horizon": 3},
    "meanfield/crowd_grid": {"size": 7, "horizon": 4, "rooms": "four", "start": "corner"},
    "meanfield/predator_prey": {"size": 3, "horizon": 3},
    "meanfield/linear_quadratic": {"states": 9, "speeds": 2, "horizon": 3},
    "meanfield/epidemic": {"horizon": 4},
    "meanfield/cybersecurity": {"horizon": 4},
}


def made(name: str) -> Any:
    return load_registry().make(GAMES, name, SMALL.get(name, {}))


def drawn(game: Any, seed: int) -> np.ndarray:
    """A policy without order, some of whose actions are never taken."""
    generator = np.random.default_rng(seed)
    policy = exact.uniform(game) * generator.uniform(size=(game.horizon, 1, game.actions, game.states)) ** 3
    policy *= generator.uniform(size=policy.shape) < 0.7
    lost = policy.sum(axis=-2, keepdims=True) == 0
    return np.where(lost, exact.uniform(game), policy / np.where(lost, 1.0, policy.sum(axis=-2, keepdims=True)))


@pytest.mark.parametrize("name", OWN)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_people_stay_people_and_nobody_does_better_than_the_best_response(name: str, seed: int) -> None:
    game = made(name)
    policy, other = drawn(game, seed), drawn(game, seed + 1)
    along = exact.flow(game, policy)
    assert np.allclose(along.sum(axis=-1), 1.0) and (along >= 0).all()
    judged = exact.judge(game, policy)
    assert (judged.gains >= -1e-9 * np.abs(judged.best).max()).all()
    assert (exact.value(game, other, along) <= judged.best + 1e-9 * np.abs(judged.best).max()).all()
    q, best = exact.best_response(game, along)
    assert exact.value(game, exact.greedy(q), along) == pytest.approx(best)


@pytest.mark.parametrize("name", OWN)
def test_what_is_earned_is_what_is_paid_along_the_way(name: str) -> None:
    """Values by the recursion backward are those by the flow forward, and push is the transpose of pull."""
    game = made(name)
    policy = drawn(game, 1)
    along = exact.flow(game, policy)
    paid = np.broadcast_to(game.rewards(slice(0, game.horizon), along[:-1]), policy.shape)
    forward = (along[:-1, :, None, :] * policy * paid).sum(axis=(0, 2, 3)) + (along[-1] * game.final(along[-1])).sum(1)
    assert exact.value(game, policy, along) == pytest.approx(forward)
    check(game, name)


FEW_STEPS = {
    "deep_munchausen": {"steps": 20},
    "deep_average": {"steps": 20, "average_steps": 20},
    "mean_field_ppo": {"steps": 5},
}


@pytest.mark.parametrize("name", [found.full_name for found in load_registry().all(SOLVERS)])
def test_every_solver_says_the_same_whenever_it_is_asked(name: str) -> None:
    game = made("meanfield/crowd")
    policies = []
    for _ in range(2):
        solver = load_registry().make(SOLVERS, name, FEW_STEPS.get(name.removeprefix("meanfield/"), {}))
        state = solver.start(game)
        for number in (1, 2, 3):
            solver.step(game, state, exact.flow(game, state["policy"]), number)
        policies.append(state["policy"])
    assert np.array_equal(*policies) and np.allclose(policies[0].sum(axis=-2), 1.0)


def test_mirror_descent_ends_where_nobody_gains() -> None:
    game, solver = Crowd(CrowdParams(size=6, horizon=5)), MirrorDescent(MirrorParams(1.0))
    state = solver.start(game)
    for number in range(1, 301):
        solver.step(game, state, exact.flow(game, state["policy"]), number)
    assert 0 <= exact.judge(game, state["policy"]).nash_conv < 1e-4


@dataclass
class Broken(Crowd):
    """Crowd modelling with one thing wrong."""

    wrong: str

    def __post_init__(self) -> None:
        super().__init__(CrowdParams(size=4, horizon=3))
        if self.wrong == "initial":
            self.initial = self.initial * 2
        if self.wrong == "legal":
            self.legal = np.zeros((1, 1, 3, 4), dtype=bool)
        if self.wrong == "layout":
            self.layout = (2, 3)

    def rewards(self, times: slice, flow: np.ndarray) -> np.ndarray:
        paid = super().rewards(times, flow)
        return paid[..., :-1] if self.wrong == "rewards" else paid * (np.inf if self.wrong == "finite" else 1.0)

    def push(self, time: int, mass: np.ndarray, distribution: np.ndarray) -> np.ndarray:
        return super().push(time, mass, distribution) * (0.5 if self.wrong == "push" else 1.0)

    def pull(self, time: int, values: np.ndarray, *others: np.ndarray) -> np.ndarray:
        pulled = super().pull(time, values, *others)
        return pulled[:, ::-1] ** 2 if self.wrong == "pull" else pulled


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("initial", "own: initial must be"),
        ("legal", "own: legal leaves a state without any action"),
        ("layout", r"own: layout \(2, 3\) has 6 places for 4 states"),
        ("rewards", r"own: rewards are \(2, 1, 3, 3\), and must broadcast to \(2, 1, 3, 4\)"),
        ("finite", "own: rewards are not finite"),
        ("push", "own: push must keep everybody"),
        ("pull", "own: pull must be the transpose of push"),
    ],
)
def test_a_game_that_is_none_is_told_what_is_wrong(wrong: str, sentence: str) -> None:
    check(Broken(""), "own")
    with pytest.raises(UserError, match=sentence):
        check(Broken(wrong), "own")
