"""Kuramoto's and Vicsek's models against what is known of them, and swarms whoever is who."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from marl_swarm.kuramoto import Kuramoto, KuramotoParams
from marl_swarm.swarm import Swarm
from marl_swarm.vicsek import Vicsek, VicsekParams

BARE: dict[str, Any] = {"blur": 0.0, "effort": 0.0, "radius": 1.0, "arc": 1.0}


def begun(game: Swarm, seed: int = 3) -> Any:
    lanes = np.arange(game.lanes)
    game.reset(lanes, seed + lanes.astype(np.uint64))
    return lanes


def still(game: Swarm, ticks: int) -> Any:
    """The order at each tick `[ticks]`, mean over lanes, where nobody turns."""
    lanes, orders = begun(game), []
    for _ in range(ticks):
        straight = np.full(game.lanes * game.params.agents, game.params.actions // 2)
        orders.append(game.step(lanes, [straight]).info["order"].mean())
    return np.array(orders)


@pytest.mark.parametrize(("times", "order"), [(4.0, 0.5**0.5), (0.5, 0.0)])
def test_oscillators_synchronise_above_the_critical_coupling_and_not_below(times: float, order: float) -> None:
    spread = 0.02
    params = KuramotoParams(agents=1500, spread=spread, coupling=times * spread, noise=0.0, max_length=801, **BARE)
    known = still(Kuramoto(1, params), 800)[500:].mean()
    assert known == pytest.approx(order, abs=0.06)  # 1 / sqrt(1500) is 0.026


def test_oscillators_of_one_frequency_end_up_in_one_phase() -> None:
    params = KuramotoParams(agents=20, spread=0.0, coupling=0.2, noise=0.0, max_length=201, **BARE)
    assert still(Kuramoto(3, params), 200)[-1] == pytest.approx(1.0, abs=1e-3)


def test_a_flock_has_order_where_there_is_little_noise_and_none_where_there_is_much() -> None:
    def after(noise: float) -> float:
        params = VicsekParams(agents=150, alignment=1.0, noise=noise, max_length=101, **{**BARE, "radius": 0.2})
        return float(still(Vicsek(2, params), 100)[50:].mean())

    low, middle, high = after(0.5), after(3.5), after(2 * np.pi)
    assert low > 0.97 and low > middle > high
    assert high == pytest.approx(np.sqrt(np.pi / 600), abs=0.02)  # the mean length of 150 random unit vectors' mean


UNALIKE = [
    Kuramoto(1, KuramotoParams(agents=9, coupling=0.1, noise=0.0, **BARE)),
    Vicsek(1, VicsekParams(agents=9, places=2, noise=0.0, blur=0.0, radius=0.3)),
]


@pytest.mark.parametrize("game", UNALIKE)
def test_nothing_depends_on_who_is_who(game: Swarm) -> None:
    lane, order, actions = begun(game), np.random.default_rng(0).permutation(9), np.arange(9) % 3
    other = game.select(lane)
    for name in game.fields():
        if name != "exerted":
            setattr(other, name, getattr(game, name)[:, order].copy())
    for _ in range(5):
        one, two = game.step(lane, [actions]), other.step(lane, [actions[order]])
    np.testing.assert_allclose(one.rewards[:, order], two.rewards)
    np.testing.assert_allclose(game.state(lane), other.state(lane), atol=1e-6)
    (rows,), (shuffled,) = one.turn, two.turn
    assert rows is not None and shuffled is not None
    for leaf in ("seen", "mean_action"):
        np.testing.assert_allclose(rows.observation[leaf][order], shuffled.observation[leaf], atol=1e-6)


def test_all_earn_the_order_less_the_effort() -> None:
    game = Kuramoto(1, KuramotoParams(agents=4, effort=0.5, noise=0.0, turn=0.2, blur=0.0, radius=1.0))
    lane = begun(game)
    game.angle[0] = [0.0, 0.0, np.pi / 2, np.pi]
    game.frequency[0] = 0.0
    step = game.step(lane, [np.array([1, 1, 2, 0])])
    angle = np.array([0.0, 0.0, np.pi / 2 + 0.2, np.pi - 0.2])
    mean = np.exp(1j * angle).mean()
    np.testing.assert_allclose(step.rewards[0], abs(mean) - 0.25, rtol=1e-9)
    (rows,) = step.turn
    assert rows is not None
    relative = mean * np.exp(-1j * angle)
    np.testing.assert_allclose(rows.observation["seen"], np.stack([relative.real, relative.imag], 1), atol=1e-6)
    np.testing.assert_allclose(rows.observation["mean_action"][0], [1 / 3, 1 / 3, 1 / 3], atol=1e-6)


@pytest.mark.parametrize("wrong", [{"actions": 4}, {"agents": 0}, {"arc": 1.5}, {"radius": 0.0}, {"spread": -1.0}])
def test_wrong_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        KuramotoParams(**wrong)


def test_swarms_are_drawn() -> None:
    for game in (Kuramoto(1), Vicsek(1)):
        begun(game)
        text, svg = game.render(0)
        assert (
            text.startswith("tick 0, order 0.") and svg.count("<circle" if game.what == "oscillator" else "<path") > 63
        )
