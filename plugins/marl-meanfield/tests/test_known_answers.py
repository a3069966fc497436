"""Crowd modelling after ten iterations: what OpenSpiel's own tests assert, and what its solvers print."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from marl_meanfield import exact
from marl_meanfield.solvers import fictitious_play, fixed_point, mirror_descent, munchausen, policy_iteration

pytest.importorskip("pyspiel", reason="needs OpenSpiel")
from marl_meanfield.openspiel.game import OpenSpielGame, Params

TEN = (
    ("munchausen", munchausen.Munchausen(), 2.27366, 5),
    ("mirror descent", mirror_descent.MirrorDescent(), 2.2736633464, 10),
    ("fictitious play", fictitious_play.FictitiousPlay(), 0.991, 3),
    ("softmax fictitious play", fictitious_play.FictitiousPlay(fictitious_play.Params(temperature=1.0)), 1.062, 3),
    ("fixed point", fixed_point.FixedPoint(), 55.745, 3),
    ("softmax fixed point", fixed_point.FixedPoint(fixed_point.Params(temperature=10.0)), 2.421, 3),
    ("Boltzmann policy iteration", policy_iteration.PolicyIteration(), 2.75428, 5),
)


@pytest.fixture(scope="module")
def crowd() -> OpenSpielGame:
    return OpenSpielGame(Params("python_mfg_crowd_modelling"))


def test_uniform(crowd: OpenSpielGame) -> None:
    judged = exact.judge(crowd, exact.uniform(crowd))
    assert judged.nash_conv == pytest.approx(2.81353655, abs=5e-9)
    assert judged.value[0] == pytest.approx(27.21585093, abs=5e-9)
    assert judged.best[0] == pytest.approx(30.02938748, abs=5e-9)


@pytest.mark.parametrize(("name", "solver", "expected", "digits"), TEN, ids=[name for name, *_ in TEN])
def test_ten_iterations(crowd: OpenSpielGame, name: str, solver: Any, expected: float, digits: int) -> None:
    state = solver.start(crowd)
    for number in range(1, 11):
        solver.step(crowd, state, exact.flow(crowd, state["policy"]), number)
    assert exact.judge(crowd, state["policy"]).nash_conv == pytest.approx(expected, abs=0.5001 * 10.0**-digits)


def test_munchausen_takes_the_steps_of_mirror_descent(crowd: OpenSpielGame) -> None:
    solvers = (mirror_descent.MirrorDescent(), munchausen.Munchausen())
    states = [solver.start(crowd) for solver in solvers]
    for number in range(1, 6):
        for solver, state in zip(solvers, states, strict=True):
            solver.step(crowd, state, exact.flow(crowd, state["policy"]), number)
    assert np.allclose(states[0]["policy"], states[1]["policy"], atol=1e-12)


def test_fictitious_play_with_a_rate_of_one_is_a_fixed_point(crowd: OpenSpielGame) -> None:
    whole = fictitious_play.FictitiousPlay(replace(fictitious_play.Params(), learning_rate=1.0, temperature=2.0))
    point = fixed_point.FixedPoint(fixed_point.Params(temperature=2.0))
    first, second = whole.start(crowd), point.start(crowd)
    for number in range(1, 4):
        whole.step(crowd, first, exact.flow(crowd, first["policy"]), number)
        point.step(crowd, second, exact.flow(crowd, second["policy"]), number)
    assert np.allclose(first["policy"], second["policy"], atol=1e-12)
