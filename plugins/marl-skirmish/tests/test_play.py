"""What must hold in every match: fairness, masks, bounds, rewards, and scripts that keep to the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marl import rng
from marl.env import Rows, Step
from marl.errors import UserError
from marl.registry import ENVIRONMENTS, POLICIES, load_registry
from marl.space import Discrete, sample
from marl.types import Ints
from marl_skirmish.battle import ATTACK, HALF, NOOP
from marl_skirmish.cooperative import Cooperative, CooperativeParams
from marl_skirmish.maps import MAPS
from marl_skirmish.scripts import SCRIPTS
from marl_skirmish.skirmish import WON, Skirmish
from marl_skirmish.two_team import TwoTeam, TwoTeamParams
from marl_skirmish.units import KINDS, UNITS
from marl_skirmish.view import view_of_army, view_of_rows

Choose = Callable[[Rows, int], Ints]


def anything(rows: Rows, tick: int) -> Ints:
    """Any legal action."""
    return np.asarray(sample(rows_space(rows), rng.mix(3, rows.lane, rows.agent, tick), rows.mask))


def rows_space(rows: Rows) -> Discrete:
    assert rows.mask is not None
    return Discrete(rows.mask.shape[1])


def played(env: Skirmish, choose: Choose, seed: int = 0, ticks: int = 1000) -> Iterator[tuple[Rows, Ints, Step]]:
    """Every tick of a match in each lane."""
    lanes = np.arange(env.lanes)
    (rows,) = env.reset(lanes, rng.mix(seed, lanes))
    for tick in range(ticks):
        if rows is None:
            return
        actions = choose(rows, tick)
        step = env.step(lanes, [actions])
        yield rows, actions, step
        lanes, (rows,) = lanes[~step.done], step.turn


def test_every_map_is_there_to_play() -> None:
    for name in MAPS:
        for opponent in ("nearest", "swarm"):
            env = Cooperative(2, CooperativeParams(name, opponent))
            for _, _, step in played(env, anything, ticks=3):
                assert (step.fault < 0).all()
            assert env.spec.max_length == MAPS[name].limit


@pytest.mark.parametrize("name", ["3m", "MMM", "10gen_zerg", "3s5z"])
def test_teams_that_are_exchanged_play_the_same_match_mirrored(name: str) -> None:
    """Exactly: not a bit of any unit differs. So nobody is served first, and no side has an advantage."""
    straight, swapped = (TwoTeam(3, TwoTeamParams(name, "shaped")) for _ in range(2))
    count = straight.sizes[0]

    def roles(exchanged: bool) -> Choose:
        def choose(rows: Rows, tick: int) -> Ints:
            role = (rows.agent // count) ^ int(exchanged)
            keys = rng.mix(8, rows.lane, role, rows.agent % count, tick)
            return np.asarray(sample(rows_space(rows), keys, rows.mask))

        return choose

    def turned(values: np.ndarray) -> np.ndarray:
        return np.roll(values, count, axis=1)

    both = zip(played(straight, roles(False), ticks=60), played(swapped, roles(True), ticks=60), strict=True)
    for (rows, _, step), (other_rows, _, other) in both:
        shape = (len(step.lanes), 2 * count, -1)
        np.testing.assert_array_equal(turned(rows.observation.reshape(shape)), other_rows.observation.reshape(shape))
        np.testing.assert_array_equal(turned(step.rewards), other.rewards)
        np.testing.assert_array_equal(turned(straight.x), -swapped.x)
        for field in ("y", "health", "shield", "wait"):
            np.testing.assert_array_equal(turned(getattr(straight, field)), getattr(swapped, field))


@given(seed=st.integers(0, 2**32), name=st.sampled_from(["3m", "MMM2", "10gen_zerg", "1c3s5z"]))
@settings(max_examples=12, deadline=None)
def test_what_is_legal_can_be_done(seed: int, name: str) -> None:
    env = Cooperative(4, CooperativeParams(name, "focus"))
    first = env.sizes[0]
    lanes = np.arange(4)
    env.reset(lanes, rng.mix(seed, lanes))
    while len(lanes):
        alive, may = env.health[lanes] > 0, env.may[lanes]
        before = env.x[lanes].copy(), env.y[lanes].copy()
        np.testing.assert_array_equal(may[..., NOOP], ~alive[:, :first])
        assert (may.sum(axis=2)[~alive[:, :first]] == 1).all()  # the dead do nothing
        heals = np.array([unit.heals for unit in UNITS.values()])[env.kind[lanes]]
        reach = np.array([unit.reach for unit in UNITS.values()])[env.kind[lanes]]
        for lane, unit, slot in zip(*np.nonzero(may[..., ATTACK:]), strict=True):
            target = slot if heals[lane, unit] else first + slot
            assert alive[lane, target] and target != unit
            assert not (heals[lane, unit] and heals[lane, target])
            apart = np.hypot(*(place[lane, unit] - place[lane, target] for place in before))
            assert apart <= reach[lane, unit] + 1e-4
        (rows,) = env.turn(lanes)
        step = env.step(lanes, [anything(rows, int(env.tick[lanes[0]]))])
        assert (np.abs(env.x) <= HALF).all() and (np.abs(env.y) <= HALF).all()
        assert (env.health >= 0).all() and np.isfinite(env.x).all()
        for place, was in zip((env.x, env.y), before, strict=True):
            np.testing.assert_array_equal(place[lanes][~alive], was[~alive])
        lanes = lanes[~step.done]


def test_the_order_of_units_makes_no_difference() -> None:
    env, other = (TwoTeam(8, TwoTeamParams("2s3z")) for _ in range(2))
    order = np.array([4, 2, 0, 1, 3])
    whole, lanes = np.concatenate([order, order + 5]), np.arange(8)
    for one in (env, other):
        one.reset(lanes, rng.mix(4, lanes))
    for field in ("x", "y", "health", "shield"):
        getattr(other, field)[:] = getattr(env, field)[:, whole]
    other._facts = type(env._facts).of(env._kinds[whole][:, None])
    for tick in range(25):
        act = np.asarray(sample(rows_space(env.turn(lanes)[0]), rng.mix(tick, np.arange(80)), env.may.reshape(80, -1)))
        act = act.reshape(8, 10)
        moved = np.where(act >= ATTACK, ATTACK + np.argsort(order)[np.maximum(act - ATTACK, 0)], act)[:, whole]
        for one, acts in ((env, act), (other, moved)):
            one.fight(lanes, army := one.army(lanes), np.ascontiguousarray(acts.T))
            assert army.first == 5
        for field in ("x", "y", "health", "shield", "wait"):
            np.testing.assert_allclose(getattr(env, field)[:, whole], getattr(other, field), atol=1e-4)


@pytest.mark.parametrize("name", ["3m", "MMM", "10gen_protoss"])
def test_scripts_do_the_same_inside_the_environment_and_as_policies(name: str) -> None:
    env = TwoTeam(3, TwoTeamParams(name))
    count = env.sizes[0]
    for _, _, step in played(
        env, lambda rows, tick: SCRIPTS["retreat"](view_of_rows(rows, env.layout, _even(rows))), ticks=40
    ):
        (rows,) = step.turn  # what is to be done now
        if rows is None:
            break
        lanes = np.unique(rows.lane)
        army = env.army(lanes)
        for side in (0, 1):
            mine = rows.take(rows.agent // count == side)
            grid = np.arange(len(mine)).reshape(len(lanes), count).T.reshape(-1)  # unit by unit
            for script in SCRIPTS.values():
                seen = script(view_of_rows(mine, env.layout, _even(mine)))
                known = script(view_of_army(army, side, _even(mine)[grid]))
                np.testing.assert_array_equal(seen[grid], known)
                assert mine.mask is not None and mine.mask[np.arange(len(mine)), seen].all()


def _even(rows: Rows) -> np.ndarray:
    return rng.uniform(rng.mix(1, rows.lane, rows.agent))


def test_a_whole_victory_pays_twenty_or_one() -> None:
    registry = load_registry()
    for reward, most in (("shaped", 20.0), ("sparse", 1.0)):
        params = {"map": "3m", "opponent": "idle", "reward": reward}
        env = registry.make(ENVIRONMENTS, "skirmish/cooperative", params, lanes=16)
        policy = registry.make(POLICIES, "skirmish/focus", {}, spec=env.spec, snapshot=None)
        assert isinstance(env, Cooperative)
        earned, won = np.zeros(16), np.zeros(16)
        for _, _, step in played(env, lambda rows, tick, p=policy: p.act(rows, None, rng.mix(rows.lane, tick)).action):
            earned[step.lanes] += step.rewards.sum(axis=1)
            won[step.lanes] += step.info["won"]
        np.testing.assert_allclose(earned, most)
        assert won.sum() == 16


def test_what_was_taken_is_what_shaped_rewards_pay_before_the_win() -> None:
    env = TwoTeam(8, TwoTeamParams(reward="shaped"))
    focus, hold = SCRIPTS["focus"], SCRIPTS["hold"]

    def unequal(rows: Rows, _: int) -> Ints:
        chance, first = _even(rows), rows.agent < env.sizes[0]
        view = view_of_rows(rows, env.layout, chance)
        return np.where(first, focus(view), hold(view))

    earned, last = np.zeros(8), np.zeros((8, 2))
    for _, _, step in played(env, unequal):
        assert (step.info["taken"] >= last[step.lanes]).all()
        last[step.lanes] = step.info["taken"]
        earned[step.lanes] += step.rewards[:, : env.sizes[0]].sum(axis=1)
    win = env.win(env.army(np.arange(8)), 0) * (env.outcome == WON)
    assert (env.outcome == WON).any() and last[:, 0].sum() > last[:, 1].sum()
    np.testing.assert_allclose(earned, last[:, 0] - last[:, 1] + win)


def test_matches_without_an_end_are_cut_short_for_one_team_and_drawn_for_two() -> None:
    idle = SCRIPTS["idle"]
    for env in (Cooperative(2, CooperativeParams(opponent="idle")), TwoTeam(2)):
        *_, (_, _, step) = played(env, lambda rows, tick, e=env: idle(view_of_rows(rows, e.layout, _even(rows))))
        assert step.done.all() and env.tick.tolist() == [60, 60]
        assert (step.truncated if isinstance(env, Cooperative) else step.terminated).all()
        assert not step.rewards.any()


def test_teams_that_are_drawn_can_always_fight_and_are_alike() -> None:
    env = Cooperative(2000, CooperativeParams("5gen_terran", allies="1", enemies="1"))
    lanes = np.arange(2000)
    env.reset(lanes, rng.mix(0, lanes))
    kinds, counts = np.unique(env.kind, return_counts=True)
    assert [KINDS[kind] for kind in kinds] == ["marine", "marauder"]
    assert counts[0] / counts.sum() == pytest.approx(0.55, abs=0.05)  # 0.45, and the 0.1 that may not be healers
    np.testing.assert_array_equal(env.kind[:, 0], env.kind[:, 1])


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"map": "4m"}, "there is no map '4m'; maps: 3m,"),
        ({"allies": "3 marines"}, "'3 marines' is no number and kind of unit"),
        ({"allies": "1 medivac, 2 marine", "enemies": "2 marine"}, "as many enemies as allies"),
        ({"map": "10gen_zerg", "allies": "5 zergling"}, "a team is a number of units"),
    ],
)
def test_a_map_that_cannot_be_is_refused_with_a_sentence(params: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CooperativeParams(**params)


def test_teams_that_are_not_alike_do_not_meet_as_two_sides() -> None:
    with pytest.raises(ValueError, match="5m_vs_6m are not alike"):
        TwoTeamParams("5m_vs_6m")
    assert TwoTeam(1, TwoTeamParams("5m_vs_6m", units="4 marine")).sizes == (4, 4)


def test_scripts_refuse_another_game() -> None:
    registry = load_registry()
    env = registry.make(ENVIRONMENTS, "classic/foraging", {}, lanes=1)
    with pytest.raises(UserError, match="plays skirmish"):
        registry.make(POLICIES, "skirmish/kite", {}, spec=env.spec, snapshot=None)
