"""Mean actions: of the right neighbours, without the dead, whatever the order."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from marl_manyagent.battle.battle import Battle, BattleParams
from marl_manyagent.battle.rules import ACTIONS
from marl_manyagent.ising import Ising, IsingParams
from marl_manyagent.neighbours import MEAN, lattice_mean, shares, team_mean


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 6]), st.integers(2, 4))
def test_on_a_lattice_the_mean_is_that_of_the_four_cells_around(seed: int, side: int, actions: int) -> None:
    choices = np.random.default_rng(seed).integers(actions, size=(2, side, side))
    mean = lattice_mean(choices, actions)
    for y, x in np.ndindex(side, side):
        around = [
            choices[1, (y + 1) % side, x],
            choices[1, y - 1, x],
            choices[1, y, (x + 1) % side],
            choices[1, y, x - 1],
        ]
        np.testing.assert_allclose(mean[1, y, x], np.bincount(around, minlength=actions) / 4)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_in_a_team_it_is_that_of_the_others_who_acted(seed: int) -> None:
    generator = np.random.default_rng(seed)
    last, team = generator.integers(-1, 3, size=(4, 9)), generator.integers(0, 2, size=9)
    lane, agent = (index.ravel() for index in np.indices((4, 9)))
    mean = team_mean(last, team, lane, agent, 3)
    for row, (here, me) in enumerate(zip(lane.tolist(), agent.tolist(), strict=True)):
        others = [last[here, one] for one in range(9) if one != me and team[one] == team[me] and last[here, one] >= 0]
        counts = np.bincount(others, minlength=3) if others else np.zeros(3)
        np.testing.assert_allclose(mean[row], counts / max(len(others), 1), atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_mean_does_not_depend_on_the_order_of_the_neighbours(seed: int) -> None:
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, 5, size=(6, 9)).astype(np.uint8)
    np.testing.assert_array_equal(shares(codes, 4), shares(generator.permuted(codes, axis=1), 4))


def test_in_the_ising_model_what_follows_an_action_shows_the_actions_of_the_same_tick() -> None:
    game = Ising(1, IsingParams(size=4))
    lane = np.array([0])
    game.reset(lane, np.array([3], dtype=np.uint64))
    spins = np.random.default_rng(0).integers(2, size=16)
    (rows,) = game.step(lane, [spins]).turn
    assert rows is not None
    np.testing.assert_allclose(rows.observation[MEAN], lattice_mean(spins.reshape(1, 4, 4), 2).reshape(16, 2))


def played(seed: int, ticks: int) -> Battle:
    """A battle that has gone on for a while, so that soldiers have died."""
    game = Battle(2, BattleParams(soldiers=12, size=10, view=2, neighbourhood=3, max_length=500))
    lanes, generator = np.arange(2), np.random.default_rng(seed)
    game.reset(lanes, np.array([seed, seed + 1], dtype=np.uint64))
    for _ in range(ticks):
        game.step(lanes, [generator.integers(ACTIONS, size=int((game.health > 0).sum()))])
    return game


def test_in_a_battle_it_is_that_of_the_living_of_the_own_army_who_are_near() -> None:
    game, dead = played(1, 120), 0
    lane, agent = np.nonzero(game.health > 0)
    (rows,) = game.turn(np.arange(2))
    assert rows is not None
    for row, (here, me) in enumerate(zip(lane.tolist(), agent.tolist(), strict=True)):
        mine = range(0, 12) if me < 12 else range(12, 24)
        far = np.maximum(np.abs(game.x[here] - game.x[here, me]), np.abs(game.y[here] - game.y[here, me]))
        near = [one for one in mine if one != me and far[one] <= 3]
        dead += sum(game.health[here, one] == 0 for one in near)
        did = [game.last[here, one] for one in near if game.health[here, one] > 0]
        wanted = np.bincount(did, minlength=ACTIONS) / len(did) if did else np.zeros(ACTIONS)
        np.testing.assert_allclose(rows.observation[MEAN][row], wanted, atol=1e-6)
    assert dead, "nobody died near anybody, so this said nothing about the dead"


def test_soldiers_may_be_numbered_in_any_order() -> None:
    game, order = played(2, 40), np.random.default_rng(3).permutation(12)
    both = np.concatenate([order, order + 12])
    other = played(2, 40)
    for name in ("x", "y", "health", "last"):
        getattr(other, name)[:] = getattr(game, name)[:, both]
    lane, agent = (index.ravel() for index in np.indices((2, 24)))
    place = np.argsort(both)
    before = other.sight(_army(other), other.last, lane, place[agent])
    for name, leaf in game.sight(_army(game), game.last, lane, agent).items():
        np.testing.assert_array_equal(leaf, before[name])


def _army(game: Battle):
    from marl_manyagent.battle.rules import Army

    return Army(game.x, game.y, game.health)
