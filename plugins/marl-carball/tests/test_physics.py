"""The model of docs/carball.md: what is kept, what may only fall, and that no side and no mirror is preferred."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marl import rng
from marl.env import Environment
from marl.space import sample
from marl_carball import field
from marl_carball.bodies import MOVING, Bodies
from marl_carball.carball import Carball, Params
from marl_carball.contacts import collide
from marl_carball.driving import drive
from marl_carball.two_team import TwoTeam
from marl_carball.walls import keep_inside


def crowd(seed: int, bodies: int, size: float = 3.0, speed: float = 30.0) -> Bodies:
    """Bodies on a heap, in 50 matches."""
    draw = np.random.default_rng(seed)
    places, speeds = draw.uniform(-size, size, (2, bodies, 50)), draw.uniform(-speed, speed, (2, bodies, 50))
    return Bodies(*(part.astype(np.float32) for part in (*places, *speeds)))


def momentum(bodies: Bodies) -> np.ndarray:
    return np.stack([(bodies.mass * v).sum(axis=0) for v in (bodies.vx, bodies.vy)])


@given(seed=st.integers(0, 2**32), bodies=st.sampled_from([3, 5, 7]))
@settings(max_examples=25, deadline=None)
def test_contacts_keep_momentum_and_never_add_energy(seed: int, bodies: int) -> None:
    some = crowd(seed, bodies)
    energy, before, speeds = some.energy(), momentum(some), some.vx.copy()
    collide(some)
    assert (some.vx != speeds).any()
    np.testing.assert_allclose(momentum(some), before, atol=2e-3)
    assert (some.energy() <= energy * (1 + 1e-5)).all()


def test_a_single_hit_is_elastic() -> None:
    """A car of mass 4 at 10 m/s meets a ball of mass 1 at rest: 16 m/s and 6 m/s, by the textbook."""
    two = Bodies(*(np.array(rows, np.float32)[:, None] for rows in ([2.0, 0, 9], [0, 0, 9], [0, 10, 0], [0, 0, 0])))
    energy = two.energy()
    hit_x, hit_y = collide(two)
    np.testing.assert_allclose(two.vx[:, 0], [16, 6, 0], rtol=1e-6)
    np.testing.assert_allclose(two.energy(), energy, rtol=1e-6)
    np.testing.assert_allclose([hit_x[0, 0], hit_y[0, 0], hit_x[1, 0]], [16, 0, 0])
    assert two.x[0, 0] - two.x[1, 0] == pytest.approx(field.BALL_RADIUS + field.CAR_RADIUS)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_walls_keep_everybody_inside_and_never_add_energy(seed: int) -> None:
    some = crowd(seed, 7, size=24.0)
    energy = some.energy()
    keep_inside(some)
    assert (some.energy() <= energy * (1 + 1e-5)).all()
    x, y = np.abs(some.x), np.abs(some.y)
    for body, radius in ((slice(0, 1), field.BALL_RADIUS), (slice(1, None), field.CAR_RADIUS)):
        in_goal = (y[body] < field.MOUTH + 0.01) & (body.start == 0)
        assert (in_goal | (x[body] <= field.LENGTH - radius + 1e-4)).all()
        assert (y[body] <= field.WIDTH - radius + 1e-4).all()
        corner = field.LENGTH + field.WIDTH - field.CORNER - radius * np.sqrt(2)
        assert (in_goal | (x[body] + y[body] <= corner + 1e-4)).all()


def test_a_car_comes_to_the_speeds_of_the_model() -> None:
    """12 m/s by its engine alone and 21 m/s while it boosts: acceleration over drag."""
    one = Bodies(*np.zeros((4, 3, 1), np.float32))
    heading, tank = (np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32)), np.array([[1.0], [0.0]], np.float32)
    control = np.array([1, 0, 1], np.float32)[:, None, None] * np.ones((1, 2, 1), np.float32)
    for _ in range(59):  # 2.95 s
        drive(one, heading, tank, control, 0.05)
    np.testing.assert_allclose(one.vx[1:, 0], [21, 12], rtol=0.03)
    assert tank[0, 0] == pytest.approx(1 - 2.95 / 3, abs=1e-4)


def test_a_ball_alone_slows_down_and_scores() -> None:
    env = TwoTeam(1, Params(ticks=100))
    lanes = np.arange(1)
    env.reset(lanes, rng.mix(1))
    env.x[0], env.y[0], env.vx[0] = [10, -15, 15], [0, -10, 10], [20, 0, 0]
    env.vy[0] = 0
    earned = [env.step(lanes, [np.array([4, 4])]) for _ in range(6)]  # 4: roll on
    goals = [step.info["goals"][0].tolist() for step in earned]
    assert goals.index([1, 0]) == 5 and [step.rewards[0].tolist() for step in earned][5] == [
        1,
        -1,
    ]  # 20 > 10 m in 0.6 s
    assert env.x[0, 0] == 0 and env.score[0].tolist() == [1, 0]  # another kick-off


def played(env: Carball, choose: Callable[[int], np.ndarray], ticks: int) -> list[tuple[np.ndarray, ...]]:
    """All places and observations of a match in each lane."""
    lanes = np.arange(env.lanes)
    seen: list[tuple[np.ndarray, ...]] = []
    for tick in range(ticks):
        step = env.step(lanes, [choose(tick)])
        (rows,) = step.turn
        assert rows is not None
        seen.append((env.x.copy(), env.y.copy(), env.hx.copy(), rows.observation, step.rewards))
    return seen


def actions(env: Environment, tick: int) -> np.ndarray:
    """Anything for all cars of all lanes, `[L, N, ...]`, mostly forward, so that there are hits."""
    count = env.lanes * len(env.spec.agents)
    drawn = np.asarray(sample(env.spec.groups[0].action, rng.mix(tick // 4, np.arange(count))))
    drawn = np.where(rng.uniform(rng.mix(tick // 4, 5, np.arange(count))) < 0.7, 6 + drawn % 6, drawn)
    return drawn.reshape(env.lanes, -1)


def crowded(team: int) -> tuple[TwoTeam, TwoTeam]:
    """Two copies of eight matches that began with everybody near the ball."""
    first, second = (TwoTeam(8, Params(team, ticks=90)) for _ in range(2))
    for env in (first, second):
        env.reset(np.arange(8), rng.mix(3, np.arange(8)))
        env.x *= np.float32(0.3)
        env.y *= np.float32(0.6)
    return first, second


@pytest.mark.parametrize("team", [1, 3])
def test_teams_that_are_exchanged_play_the_same_match_turned(team: int) -> None:
    """Exactly: not a bit of any car differs. So nobody is served first, and no side has an advantage."""
    straight, swapped = crowded(team)
    at = [np.roll(actions(straight, tick), team, axis=1).reshape(-1) for tick in range(60)]
    pairs = zip(
        played(straight, lambda tick: actions(straight, tick).reshape(-1), 60),
        played(swapped, lambda tick: at[tick], 60),
        strict=True,
    )
    touched = 0
    for (x, y, hx, rows, rewards), (other_x, other_y, other_hx, other_rows, other_rewards) in pairs:
        order = np.r_[0, 1 + np.roll(np.arange(2 * team), team)]
        np.testing.assert_array_equal(x[:, order], -other_x)
        np.testing.assert_array_equal(y[:, order], -other_y)
        np.testing.assert_array_equal(np.roll(hx, team, axis=1), -other_hx)
        shape = (8, 2 * team, -1)
        np.testing.assert_array_equal(np.roll(rows.reshape(shape), team, axis=1), other_rows.reshape(shape))
        np.testing.assert_array_equal(np.roll(rewards, team, axis=1), other_rewards)
        touched += int((np.abs(x[:, 0]) > 0).sum())
    assert touched > 100


def test_mirrored_play_gives_mirrored_results() -> None:
    """Left for right: what is steered the other way from mirrored places drives mirrored, bit for bit."""
    straight, mirrored = crowded(2)
    for name in ("y", "hy"):
        getattr(mirrored, name)[:] *= np.float32(-1)
    before, scores = straight.score.copy(), []
    for tick in range(40):
        choice = actions(straight, tick)
        for env, chosen in ((straight, choice), (mirrored, 3 * (choice // 3) + 2 - choice % 3)):
            env.step(np.arange(8), [chosen.reshape(-1)])
        same = (straight.score == before).all(axis=1)  # kick-offs are drawn, so they are not mirrored
        np.testing.assert_array_equal(straight.score[same], mirrored.score[same])
        for name, sign in (("x", 1), ("y", -1), ("vx", 1), ("vy", -1), ("hx", 1), ("hy", -1), ("tank", 1)):
            np.testing.assert_array_equal(getattr(straight, name)[same], sign * getattr(mirrored, name)[same])
        scores.append(same.sum())
    assert scores[-1] >= 4 and np.abs(straight.x[:, 0]).max() > 5


def test_a_lane_plays_as_it_would_alone() -> None:
    """Bit for bit, whatever else is played beside it."""
    many, alone = TwoTeam(33, Params(2)), TwoTeam(1, Params(2))
    seeds = rng.mix(9, np.arange(33))
    many.reset(np.arange(33), seeds)
    alone.reset(np.arange(1), seeds[17:18])
    for tick in range(80):
        chosen = actions(many, tick)
        many.step(np.arange(33), [chosen.reshape(-1)])
        alone.step(np.arange(1), [chosen[17]])
    for name in (*MOVING, "hx", "hy", "tank"):
        np.testing.assert_array_equal(getattr(many, name)[17:18], getattr(alone, name))


def test_a_decision_that_holds_is_as_many_ticks_of_the_same() -> None:
    held, ticks = TwoTeam(8, Params(2, ticks=20, hold=4)), TwoTeam(8, Params(2, ticks=80))
    lanes = np.arange(8)
    for env in (held, ticks):
        env.reset(lanes, rng.mix(3, lanes))
        env.x *= np.float32(0.5)
    touches, pads = 0, np.zeros((8, 4))
    same: np.ndarray = np.ones(8, np.bool_)
    for tick in range(12):
        chosen = actions(held, tick).reshape(-1)
        before = pads.copy()
        info = [ticks.step(lanes, [chosen]).info for _ in range(4)]
        at_once = held.step(lanes, [chosen]).info
        same = np.logical_and(
            same, at_once["goals"].sum(axis=1) == 0
        )  # after a goal, only one of them plays on at once
        touched = np.stack([one["touches"] for one in info]).any(axis=0)
        np.testing.assert_array_equal(at_once["touches"][same], touched[same])
        pads = before + sum(one["pads"] for one in info) - at_once["pads"]
        for name in (*MOVING, "hx", "tank", "wait"):
            np.testing.assert_array_equal(getattr(held, name)[same], getattr(ticks, name)[same])
        touches += int(touched[same].sum())
    assert same.sum() >= 4 and touches > 0 and not pads[same].any()
