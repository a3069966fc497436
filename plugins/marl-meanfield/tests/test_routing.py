"""Routing: travellers spread over roads as they should, and none is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from marl.errors import UserError
from marl_meanfield import exact
from marl_meanfield.checks import check
from marl_meanfield.games.roads import roads
from marl_meanfield.games.routing import Params, Routing
from marl_meanfield.solvers.mirror_descent import MirrorDescent
from marl_meanfield.solvers.mirror_descent import Params as MirrorParams

PIGOU = Params("pigou", ["1-2"], vehicles=1.0, horizon=25, step=0.1, departures=1, longest=20)
SMALL = Params(trips=["1-3", "2-4", "24-23"], vehicles=9000.0, horizon=14, step=2.0, departures=2, longest=8)


def solved(game: Routing, rate: float, steps: int) -> np.ndarray:
    """The policy of mirror descent."""
    solver = MirrorDescent(MirrorParams(rate))
    state = solver.start(game)
    for number in range(1, steps + 1):
        solver.step(game, state, exact.flow(game, state["policy"]), number)
    return state["policy"]


def test_on_two_roads_both_take_equally_long() -> None:
    game = Routing(PIGOU)
    policy = solved(game, 1.0, 60)
    shares = game.volumes(exact.flow(game, policy)[1])
    assert shares == pytest.approx([0.6, 0.4, 0.0], abs=1e-6)  # 1 + x = 1.5, and a step from 3 to 2
    judged = exact.judge(game, policy)
    assert judged.nash_conv < 1e-6 and judged.value[0] == pytest.approx(-1.6)


@pytest.mark.parametrize("volume", [0.0, 0.03, 0.5, 0.777])
def test_a_road_takes_the_time_that_follows_from_how_full_it_is(volume: float) -> None:
    game = Routing(replace(PIGOU, vehicles=volume or 1e-12))
    policy, origin = exact.uniform(game), 3 * 21
    policy[:, :, 0, origin], policy[:, :, 1, origin] = 1.0, 0.0  # everybody takes the first road
    assert exact.judge(game, policy).value[0] == pytest.approx(-(1.0 + volume), abs=1e-6)


def test_nobody_is_lost_and_moves_are_transposed() -> None:
    game = Routing(SMALL)
    check(game, "routing")
    generator = np.random.default_rng(2)
    policy, along = exact.uniform(game), exact.flow(game, exact.uniform(game))
    assert np.allclose(along.sum(axis=2), 1.0) and (along >= 0).all()
    for time in (0, 3, 9):
        mass = policy[time] * along[time][:, None, :]
        values = generator.normal(size=along[time].shape)
        pulled = game.pull(time, values, along[time], along[time + 1])
        assert (mass * pulled).sum() == pytest.approx((along[time + 1] * values).sum())


def test_on_sioux_falls_travellers_come_near_an_equilibrium() -> None:
    game = Routing(SMALL)
    start = exact.judge(game, exact.uniform(game)).nash_conv
    assert exact.judge(game, solved(game, 0.2, 25)).nash_conv < 0.02 * start


def test_sioux_falls_is_what_the_paper_says() -> None:
    found = roads("sioux_falls")
    assert len(found.nodes) == 24 and len(found.time) == 76
    empty, known = found.times(np.zeros(76)), found.times(np.full(76, 4494.657646))
    assert empty[0] == 6 and known[0] == pytest.approx(6.000816, abs=1e-5)  # at the volume of the equilibrium there


def test_what_is_no_network_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it is one of braess, pigou, sioux_falls"):
        roads("siouxfalls")
    file = tmp_path / "mine.csv"
    file.write_text("from,to,time,factor\n1,2,1,0\n2,3,fast,0\n")
    with pytest.raises(UserError, match=r"line 3 of .*mine\.csv must name two nodes"):
        roads(str(file))
    file.write_text("from,to,time,factor\n1,2,1,0\n")
    with pytest.raises(UserError, match="there is no way from the origin to the destination of 2-1"):
        Routing(Params(str(file), ["2-1"]))
    with pytest.raises(UserError, match="there is no node '7'"):
        Routing(Params(str(file), ["1-7"]))
    with pytest.raises(ValueError, match="is no trip"):
        Params(trips=["1 to 2"])
