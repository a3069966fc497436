"""Shaping by a potential leaves optimal policies as they are, whatever the potential; expressions are read, not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marl.arena import Mixtures, Record, Sampler
from marl.env import EnvSpec, Group
from marl.errors import UserError
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.policies.random import Random
from marl.registry import REWARDS, load_registry
from marl.reward import Window
from marl.space import Box, Discrete
from marl.testing.games.skirmish import SPEC as SKIRMISH
from marl.testing.games.skirmish import skirmish
from marl_rewards.expression import Expression
from marl_rewards.potential import Params, Potential

GAMMA, STATES, ACTIONS = 0.9, 6, 3


class World:
    """A random game of one agent, and of chance: `[S, A]` rewards and next states; state 0 ends it.

    With `other`, a second agent moves in between: what follows the first one's action depends on the second's, too.
    """

    def __init__(self, seed: int, other: bool) -> None:
        draw = np.random.default_rng(seed)
        self.other, self.potential = other, draw.normal(size=STATES).round(3)
        self.paid = draw.normal(size=(STATES, ACTIONS)).round(3)
        self.moves = draw.integers(0, STATES, size=(STATES, ACTIONS, 2))  # two possible next states, equally likely
        agents = ("player", "other")[: 1 + other]
        who = tuple(range(len(agents)))
        self.spec = EnvSpec(
            agents=agents,
            groups=(Group("all", who, Box((STATES,), 0, 1), Discrete(ACTIONS)),),
            sides=tuple((agent,) for agent in who),
            dynamics="turns",
            max_length=40,
            info={"phi": "the potential of the state"},
        )

    def make(self, lanes: int) -> ForkableOneByOne:
        world = self

        class Walk(Match):
            def start(self) -> None:
                self.at, self.turn, self.choice, self.ticks = 1 + int(self.chance() * (STATES - 1)), 0, 0, 0

            def views(self) -> Mapping[int, View]:
                return {self.turn: View(self.observe(self.turn))}

            def observe(self, agent: int) -> Any:
                return np.eye(STATES, dtype=np.float32)[self.at]

            def play(self, actions: Mapping[int, Any]) -> Outcome:
                ((agent, action),) = actions.items()
                self.ticks += 1
                late = self.ticks >= world.spec.max_length
                everybody = set(range(len(world.spec.agents)))
                if agent == 0 and world.other and not late:
                    self.choice, self.turn = action, 1
                    return Outcome({0: world.paid[self.at, action]}, info={"phi": world.potential[self.at]})
                choice, half = (self.choice, action % 2) if agent else (action, int(self.chance() < 0.5))
                paid = {} if agent else {0: world.paid[self.at, choice]}
                self.at, self.turn = int(world.moves[self.at, choice, half]), 0
                told = {"phi": world.potential[self.at]}
                if self.at == 0:
                    return Outcome(paid, done=True, info=told)
                return Outcome(paid, truncated=everybody if late else set(), info=told)

        return ForkableOneByOne(self.spec, lanes, Walk)

    def solve(self, paid: Any) -> Any:
        """The optimal Q `[S, A]` by value iteration, for rewards `[S, A, 2]` by the half that chance chose."""
        q = np.zeros((STATES, ACTIONS))
        for _ in range(400):
            value = q.max(axis=1)
            value[0] = 0.0
            q = (paid + GAMMA * value[self.moves]).mean(axis=2)
        return q


def shaped(world: World, potential: Any) -> tuple[Any, Any, Any]:
    """What the plugin pays for each state, action and next state, learned from matches: `[S, A, S]`, NaN if unseen."""
    reward = Potential(world.spec, Params(potential=potential))
    policies, sides = [Random(world.spec)] * len(world.spec.sides), len(world.spec.sides)
    record = Record(**dict.fromkeys(reward.needs, True))
    source = Mixtures(np.eye(sides), seed=1)  # the learner on side 0 only
    sampler = Sampler(world.make(16), policies, source, [0], record=record)
    paid = np.full((STATES, ACTIONS, STATES), np.nan)
    firsts, lates = 0, 0
    for rows in (700, 1300):
        (window,) = sampler.collect(rows)
        given = reward(Window(window, world.spec, GAMMA))["shaping"]
        here, after = window.observation.argmax(1), window.next_observation().argmax(1)
        after[window.terminated] = 0
        for row in range(len(window)):
            if window.truncated[row]:
                lates += 1
            elif window.first[row] and reward.needs:  # nobody told the column before the first tick: it counts as 0
                wanted = given[row] - world.potential[here[row]]
                firsts += 1
                known = paid[here[row], window.action[row], after[row]]
                assert np.isnan(known) or wanted == pytest.approx(known)
            else:
                known = paid[here[row], window.action[row], after[row]]
                assert np.isnan(known) or given[row] == pytest.approx(known)
                paid[here[row], window.action[row], after[row]] = given[row]
    return paid, firsts, lates


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_optimal_policies_are_unchanged(seed: int, other: bool, column: bool) -> None:
    world = World(seed, other)
    entries = " + ".join(f"{value} * observation[{state}]" for state, value in enumerate(world.potential))
    paid, _, _ = shaped(world, "info.phi" if column else entries)
    halves = np.take_along_axis(paid, world.moves, axis=2)  # [S, A, 2]
    halves[0] = 0
    plain = np.repeat(world.paid[:, :, None], 2, axis=2)
    missing = np.isnan(halves)  # pairs that random play did not come by: what the theorem says of them
    theory = GAMMA * np.where(world.moves == 0, 0.0, world.potential[world.moves]) - world.potential[:, None, None]
    np.testing.assert_allclose(halves[1:][~missing[1:]], theory[1:][~missing[1:]], atol=1e-6)
    assert missing.mean() < 0.5
    halves[missing] = theory[missing]
    before, after = world.solve(plain), world.solve(plain + halves)
    gaps = before.max(axis=1, keepdims=True) - before  # ties within rounding may go either way
    assert (gaps[np.arange(STATES), after.argmax(axis=1)] < 1e-6)[1:].all()
    np.testing.assert_allclose(after[1:], before[1:] - world.potential[1:, None], atol=1e-5)


def test_where_it_was_cut_short_the_last_observation_counts_and_where_it_ended_nothing() -> None:
    spec, sampler = SKIRMISH, Sampler(skirmish(8), [Random(SKIRMISH)] * 2, Mixtures(np.ones((2, 2)), 3), [0])
    reward = Expression("observation[0]", [])
    windows = sampler.collect(900)
    tanks = windows[1]
    given = Potential.__call__(of(reward), Window(tanks, spec, GAMMA))["shaping"]
    here, after = tanks.observation[:, 0], tanks.next_observation()[:, 0]
    np.testing.assert_allclose(given, np.where(tanks.terminated, 0, GAMMA * after) - here, atol=1e-6)
    assert tanks.terminated.any() and (tanks.truncated & (after != 0)).any()


def of(expression: Expression) -> Potential:
    """A potential for some of the groups of a game only, which a scenario cannot have."""
    potential = Potential.__new__(Potential)
    potential.potential = expression
    return potential


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("observation[9]", "'observation[9]' does not fit what a row shows: index 9 is out of bounds"),
        ("observation", "gives [6] numbers a row: pick one"),
        ("observation.board", "has no fields, so it has no 'board'"),
        ("info.phy", "the environment has no column 'phy'; did you mean 'phi'?"),
        ("__import__('os')", "is nothing that an expression has"),
        ("observation[0].real", "has no fields"),
        ("[1, 2]", "is nothing that an expression has"),
        ("observation[0:2]", "picks nothing"),
        ("2 +", "is not an expression"),
        ("abs()", "does not fit what a row shows"),
    ],
)
def test_a_game_or_a_text_that_does_not_fit_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        load_registry().make(REWARDS, "rewards/potential", {"potential": text}, spec=World(1, False).spec)
    assert sentence in str(told.value) and "rewards/potential" in str(told.value)


def test_expressions_compute_all_rows_at_once() -> None:
    rows = {"board": np.arange(12).reshape(3, 2, 2), "turn": np.array([1, 0, 1])}
    info = {"hits": np.array([1, 2, 3])}
    expression = Expression("-abs(observation.board[1, 0]) + sum(observation.board) / 2 ** info.hits + 0.5", ["hits"])
    assert expression(rows, info, 3).tolist() == [-2 + 6 / 2 + 0.5, -6 + 22 / 4 + 0.5, -10 + 38 / 8 + 0.5]
    assert Expression("maximum(observation.turn, 0.5)", [])(rows, {}, 3).tolist() == [1, 0.5, 1]
    assert Expression("3", [])(rows, {}, 3).tolist() == [3, 3, 3]
