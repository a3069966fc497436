"""The Ising model against what is known of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from marl.arena import Mixtures
from marl.arena.play import Play
from marl.env import Rows
from marl_manyagent.heat_bath import HeatBath, HeatBathParams
from marl_manyagent.ising import Ising, IsingParams
from marl_manyagent.neighbours import MEAN

CRITICAL = 1 / math.log(1 + math.sqrt(2))  # in units of what agents earn


def sampled(temperature: float, ticks: int) -> tuple[float, float]:
    """Mean order and energy of a 24 x 24 torus, from all spins up."""
    game = Ising(2, IsingParams(size=24, max_length=ticks + 1, magnetisation=1.0))
    play = Play(game, [HeatBath(game.spec, HeatBathParams(temperature))], Mixtures(np.ones((1, 1)), 1), [])
    seen = []
    for _ in range(ticks):
        play.tick()
        seen.append(game.info(np.arange(2)))
    rest = seen[ticks // 4 :]
    return tuple(float(np.mean([one[name] for one in rest])) for name in ("order", "energy"))  # type: ignore[return-value]


def test_below_the_transition_the_order_is_yangs_and_above_there_is_hardly_any() -> None:
    order, _ = sampled(1.0, 200)  # T = 2 J / k_B
    assert order == pytest.approx((1 - math.sinh(1) ** -4) ** 0.125, abs=0.02)
    order, energy = sampled(2.0, 200)
    assert order < 0.15
    assert energy == pytest.approx(-0.557, abs=0.03)  # Onsager's, at T = 4


def test_at_the_transition_the_energy_is_onsagers() -> None:
    assert sampled(CRITICAL, 300)[1] == pytest.approx(-math.sqrt(2), abs=0.08)  # 24 x 24: a little lower


def test_each_agent_earns_half_of_what_its_bonds_are_worth() -> None:
    game, lane = Ising(1, IsingParams(size=4, coupling=2.0, field=0.5)), np.array([0])
    game.reset(lane, np.array([1], dtype=np.uint64))
    spins = np.zeros((4, 4), dtype=np.int64)
    spins[1, 1] = 1
    rewards = game.step(lane, [spins.ravel()]).rewards[0].reshape(4, 4)
    assert rewards[1, 1] == 0.5 - 4.0
    assert rewards[1, 2] == -0.5 + 2.0
    assert rewards[3, 3] == -0.5 + 4.0


def test_two_chains_are_told_apart_where_all_spins_blink() -> None:
    game, lane = Ising(1, IsingParams(size=4)), np.array([0])
    game.reset(lane, np.array([1], dtype=np.uint64))
    board = (np.indices((4, 4)).sum(axis=0) % 2).ravel()
    game.step(lane, [board])
    step = game.step(lane, [1 - board])
    assert step.info["order"][0] == 1.0
    assert step.info["energy"][0] == -2.0


def test_the_heat_bath_favours_what_its_neighbours_are() -> None:
    game = Ising(1, IsingParams(size=4))
    rows = Rows(np.zeros(1, int), np.zeros(1, int), {"spin": np.zeros(1, int), MEAN: np.array([[0.25, 0.75]])}, None,
                np.zeros(1, bool))  # fmt: skip
    down, up = HeatBath(game.spec, HeatBathParams(1.0)).probabilities(rows)[0]
    assert up / down == pytest.approx(math.exp(2 * 0.5 * 2))  # two more up than down


@pytest.mark.parametrize("wrong", [{"size": 5}, {"magnetisation": 2.0}, {"max_length": 0}])
def test_wrong_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        IsingParams(**wrong)  # type: ignore[arg-type]
