"""Games whose equilibria are known."""

from __future__ import annotations

import numpy as np
import pytest

from marl_meanfield import exact
from marl_meanfield.games.crowd import Crowd
from marl_meanfield.games.crowd import Params as CrowdParams
from marl_meanfield.games.crowd_grid import CrowdGrid, four_rooms
from marl_meanfield.games.crowd_grid import Params as GridParams
from marl_meanfield.games.cybersecurity import Cybersecurity
from marl_meanfield.games.cybersecurity import Params as CyberParams
from marl_meanfield.games.epidemic import Epidemic
from marl_meanfield.games.linear_quadratic import LinearQuadratic
from marl_meanfield.games.linear_quadratic import Params as LinearParams
from marl_meanfield.games.predator_prey import Params as PreyParams
from marl_meanfield.games.predator_prey import PredatorPrey
from marl_meanfield.solver import Solver, State
from marl_meanfield.solvers import accelerated, fixed_point, mirror_descent


def solved(game: object, solver: Solver, iterations: int) -> tuple[State, float]:
    """The state after some iterations, and its NashConv."""
    state = solver.start(game)  # type: ignore[arg-type]
    for number in range(1, iterations + 1):
        solver.step(game, state, exact.flow(game, state["policy"]), number)  # type: ignore[arg-type]
    return state, exact.judge(game, state["policy"]).nash_conv  # type: ignore[arg-type]


def riccati(p: LinearParams, noise: float, spread: float) -> tuple[float, float]:
    """What the game on the whole line is worth, and the gain at time 0: speed over distance to the mean.

    `noise`: the variance of the wind in a step; `spread`: that of where agents are at first.
    """
    weight, constant, gain = p.final, 0.0, 0.0
    for _ in range(p.horizon):
        constant += 0.5 * weight * noise
        gain = (p.coupling + weight) / (1 + weight * p.step)
        weight = p.step * (gain**2 - 2 * p.coupling * gain + p.distance) + weight * (1 - gain * p.step) ** 2
    return -0.5 * weight * spread - constant, gain


def test_linear_quadratic_is_what_riccati_says() -> None:
    game = LinearQuadratic(LinearParams(start=0.0))
    p, cell, quantum = game.params, game.places[1] - game.places[0], game.speeds[1] - game.speeds[0]
    state, nash_conv = solved(game, fixed_point.FixedPoint(), 4)
    along = exact.flow(game, state["policy"])
    value, gain = riccati(p, p.noise * cell**2, float(along[0, 0] @ game.places**2))
    lost = p.horizon * 0.5 * (1 + p.final * p.step) * p.step * (quantum / 2) ** 2  # by speeds in whole cells a step
    assert nash_conv < 1e-3 and np.abs(along @ game.places).max() < 0.05
    assert value - lost < exact.judge(game, state["policy"]).value[0] < value + 1e-3
    speed = game.speeds @ state["policy"][0, 0]
    near = np.abs(game.places) < 1
    assert np.abs(speed + gain * game.places)[near].max() < 0.6 * quantum


def test_an_epidemic_stays_where_people_are_indifferent() -> None:
    game = Epidemic()
    state, nash_conv = solved(game, mirror_descent.MirrorDescent(mirror_descent.Params(0.05)), 300)
    infected = exact.flow(game, state["policy"])[15:35, 0, 1]
    assert nash_conv < 0.25
    assert infected.mean() == pytest.approx(10 / 27, abs=0.01) and infected.std() < 0.01


def test_agents_who_only_shun_each_other_spread_evenly() -> None:
    game = CrowdGrid(GridParams(size=4, horizon=9, bar=0.0, effort=0.0, wind=0.0, start="corner"))
    state, nash_conv = solved(game, accelerated.Accelerated(), 150)
    assert nash_conv < 0.1
    assert exact.flow(game, state["policy"])[-1, 0] == pytest.approx(np.full(16, 1 / 16), abs=0.01)


@pytest.mark.parametrize("size", [5, 7, 13, 20])
def test_every_room_can_be_reached(size: int) -> None:
    game = CrowdGrid(GridParams(size=size, horizon=4 * size, rooms="four", start="corner"))
    there = exact.flow(game, exact.uniform(game))[-1, 0] > 0
    assert np.array_equal(there, ~four_rooms(size).reshape(-1))


def test_momentum_is_faster_than_mirror_descent_where_the_crowd_is_shunned() -> None:
    game = Crowd(CrowdParams(size=20, horizon=20))
    _, plain = solved(game, mirror_descent.MirrorDescent(mirror_descent.Params(0.5)), 100)
    _, fast = solved(game, accelerated.Accelerated(), 100)
    assert fast < 0.1 < plain


def test_predators_and_prey_settle_and_pay_each_other() -> None:
    game = PredatorPrey(PreyParams(size=4, horizon=5))
    assert (game.pays.sum(axis=0) == 0).all() and (game.pays == -game.pays.T).all()
    _, nash_conv = solved(game, accelerated.Accelerated(), 100)
    assert nash_conv < 0.02


def test_owners_pay_for_defence_only_where_it_is_worth_it() -> None:
    dear, cheap = (Cybersecurity(CyberParams(horizon=40, defence=price)) for price in (2.0, 0.01))
    shares = []
    for game in (dear, cheap):
        state, nash_conv = solved(game, fixed_point.FixedPoint(), 5)
        assert nash_conv < 1e-6
        shares.append(exact.flow(game, state["policy"])[20, 0, :2].sum())
    assert shares[0] < 0.15 < 0.85 < shares[1]
