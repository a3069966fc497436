"""Environments that break their word are stopped with a sentence; masks that come now and then are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from marl.arena import Mixtures, Sampler
from marl.arena.contract import Contract, ContractBroken
from marl.arena.failure import EnvironmentFailed, explain, play_again
from marl.env import EnvSpec, Group, Rows, join_turns
from marl.errors import RunError, UserError
from marl.games import Match, OneByOne, Outcome, View
from marl.registry import POLICIES, load_registry
from marl.space import Box, Discrete, MultiDiscrete

LENGTH = 5
SPEC = EnvSpec(("ann", "bob"), (Group("both", (0, 1), Box((2,)), Discrete(3)),), ((0,), (1,)), "simultaneous", LENGTH)
ALONE = EnvSpec(("ann",), (Group("one", (0,), Box((1,)), Discrete(3)),), ((0,),), "turns", 6, info={"speed": "of ann"})


class Liar(Match):
    """Breaks its word in one way from the third tick on."""

    lie = ""

    def start(self) -> None:
        self.tick = 0

    def views(self) -> dict[int, View]:
        return {agent: View(self.observe(agent), self.mask(agent)) for agent in range(2)}

    def mask(self, agent: int) -> Any:
        if self.tick == 2 and agent == 1:
            return {"no action": [False] * 3, "narrow mask": [True] * 2}.get(self.lie, [True] * 3)
        return [True] * (2 if self.tick == 2 and self.lie == "narrow mask" else 3)

    def observe(self, agent: int) -> Any:
        seen = np.zeros(3 if self.tick == 2 and self.lie == "wide view" else 2, dtype=np.float32)
        if agent == 1 and (self.tick, self.lie) in ((2, "blind"), (LENGTH, "blind at the end")):
            seen[1] = np.nan
        return seen

    def play(self, actions: Any) -> Outcome:
        self.tick += 1
        reward = float({"nan": "nan", "inf": "-inf"}.get(self.lie, 0.5)) if self.tick == 3 else 0.5
        return Outcome({1: reward}, done=self.tick == LENGTH and self.lie != "endless")


def liars(lie: str) -> Any:
    return lambda lanes: OneByOne(SPEC, lanes, type("Liar", (Liar,), {"lie": lie}))


def random(spec: EnvSpec) -> Any:
    return load_registry().make(POLICIES, "marl/random", {}, spec=spec)


@pytest.mark.parametrize(
    ("lie", "sentence", "ticks"),
    [
        ("wide view", r"shows group 'both' observations of shape \(3,\), and its spec says \(2,\)", 2),
        ("narrow mask", r"gives group 'both' masks of shape \(2,\), and its actions need \(3,\)", 2),
        ("no action", "leaves 'bob' no legal action", 2),
        ("blind", r"shows 'bob' an observation that is not a number \(NaN\)", 2),
        ("blind at the end", r"shows 'bob' an observation that is not a number \(NaN\)", 5),
        ("nan", "gives 'bob' a reward of nan", 3),
        ("inf", "gives 'bob' a reward of -inf", 3),
        ("endless", "goes on after 5 ticks, its max_length", 5),
    ],
)
def test_a_broken_word_is_named_and_can_be_seen_again(lie: str, sentence: str, ticks: int) -> None:
    make = liars(lie)
    with pytest.raises(EnvironmentFailed, match=f"the environment {sentence}") as caught:
        Sampler(make(4), [random(SPEC)], Mixtures(np.ones((2, 1)), 1), [0]).collect(1000)
    assert {len(match["actions"]) for match in caught.value.matches} == {ticks}
    with pytest.raises(Exception, match=sentence):
        play_again(make(1), caught.value.matches[0])
    assert f"at tick {ticks}" in str(explain(caught.value, make, None))


def test_every_choice_needs_a_legal_option() -> None:
    choices = EnvSpec(("ann",), (Group("one", (0,), Box((1,)), MultiDiscrete((3, 2))),), ((0,),), "turns", 6)
    here = np.zeros(1, dtype=np.int64)

    def rows(*mask: bool) -> Rows:
        return Rows(here, here, np.zeros((1, 1), np.float32), np.array([mask]), np.ones(1, bool))

    Contract(choices, 1).turn((rows(True, False, False, False, True),))
    with pytest.raises(ContractBroken, match="leaves 'ann' no legal option in choice 1"):
        Contract(choices, 1).turn((rows(True, True, False, False, False),))


class Fallen(Match):
    """Ann dies at the second tick; then she is paid, or comes back."""

    back = False

    def start(self) -> None:
        self.tick = 0

    def views(self) -> dict[int, View]:
        agents = (0, 1) if self.tick < 2 or (self.back and self.tick > 2) else (1,)
        return {agent: View(self.observe(agent)) for agent in agents}

    def observe(self, agent: int) -> Any:
        return np.zeros(2, dtype=np.float32)

    def play(self, actions: Any) -> Outcome:
        self.tick += 1
        late = {} if self.back else {0: 1.0}
        return Outcome(late if self.tick == 4 else {}, {0} if self.tick == 2 else frozenset(), done=self.tick == LENGTH)


@pytest.mark.parametrize(
    ("back", "sentence", "ticks"),
    [(False, "pays 'ann' after its part ended; who can come back or be paid later has not ended: end its part then", 4),
     (True, "asks 'ann' to act after its part ended; who can", 3)],
)  # fmt: skip
def test_who_has_ended_is_neither_paid_nor_asked_again(back: bool, sentence: str, ticks: int) -> None:
    def make(lanes: int) -> Any:
        return OneByOne(SPEC, lanes, type("Fallen", (Fallen,), {"back": back}))

    def sampler(checkpoint: Any = None) -> Sampler:
        return Sampler(make(4), [random(SPEC)], Mixtures(np.ones((2, 1)), 1), [0], checkpoint)

    with pytest.raises(EnvironmentFailed, match=f"the environment {sentence}") as caught:
        sampler().collect(1000)
    assert {len(match["actions"]) for match in caught.value.matches} == {ticks}


def test_who_keeps_its_word_is_left_alone() -> None:
    (window,) = Sampler(liars("")(4), [random(SPEC)], Mixtures(np.ones((2, 1)), 1), [0]).collect(1000)
    assert len(window) == 1000


class Moody(Match):
    """Gives a mask at every tick but the first, and says its speed from the second on."""

    def start(self) -> None:
        self.tick, self.end = 0, 3 + int(self.chance() * 3)

    def views(self) -> dict[int, View]:
        return {0: View(self.observe(0), [True, False, False] if self.tick else None)}

    def observe(self, agent: int) -> Any:
        return np.array([self.tick], dtype=np.float32)

    def play(self, actions: Any) -> Outcome:
        self.tick += 1
        info = {"speed": 0.5 * self.tick} if self.tick > 1 else {}
        return Outcome({0: 1.0}, done=self.tick == self.end, info=info)


@pytest.mark.parametrize("lanes", [1, 2, 16])
def test_where_there_is_no_mask_everything_is_legal(lanes: int) -> None:
    sampler = Sampler(OneByOne(ALONE, lanes, Moody), [random(ALONE)], Mixtures(np.ones((1, 1)), 3), [0])
    for _ in range(3):  # windows that are cut anywhere
        (window,) = sampler.collect(401)
        assert window.mask is not None and window.last.mask is not None
        np.testing.assert_array_equal(window.mask.sum(axis=1), np.where(window.tick == 0, 3, 1))
        assert len(window.last.mask) == len(window.last.observation)
        counts = np.bincount(window.action[window.tick == 0], minlength=3)
        assert counts.min() > 0.2 * counts.sum()
        assert (window.action[window.tick > 0] == 0).all()
        expected = np.where(window.tick == 0, 0.0, 0.5 * (window.tick + 1))
        np.testing.assert_array_equal(window.info["speed"], expected)


def test_rows_with_and_without_masks_join() -> None:
    flag, number = np.ones(1, dtype=np.bool_), np.zeros(1, dtype=np.int64)
    with_mask = Rows(number, number, np.zeros((1, 1)), np.array([[True, False]]), flag)
    without = Rows(number + 1, number, np.zeros((1, 1)), None, flag)
    (joined,) = join_turns([(without,), (with_mask,)])
    assert joined is not None and joined.mask is not None
    assert joined.mask.tolist() == [[True, True], [True, False]]
    (joined,) = join_turns([(without,), (without,)])
    assert joined is not None and joined.mask is None


def test_names_of_info_columns_have_no_slash() -> None:
    with pytest.raises(ValueError, match="must not have a slash: 'hp/left'"):
        EnvSpec(("a",), (Group("g", (0,), Box((1,)), Discrete(2)),), ((0,),), "turns", 5, info={"hp/left": "x"})


class Hasty(Match):
    """Whoever begins ends it, so nobody else has a turn."""

    def start(self) -> None:
        pass

    def views(self) -> dict[int, View]:
        return {0: View(self.observe(0))}

    def observe(self, agent: int) -> Any:
        return np.zeros(2, dtype=np.float32)

    def play(self, actions: Any) -> Outcome:
        return Outcome({0: 1.0}, done=True)


def test_a_learner_that_never_has_a_turn_is_told() -> None:
    spec = EnvSpec(SPEC.agents, SPEC.groups, SPEC.sides, "turns", LENGTH)
    policies, seats = [random(spec), random(spec)], Mixtures(np.array([[0.0, 1.0], [1.0, 0.0]]), 1)
    with pytest.raises(RunError, match="10,000 matches ended before a learner had its turn"):
        Sampler(OneByOne(spec, 64, Hasty), policies, seats, [0]).collect(10)


@pytest.mark.parametrize(
    ("act", "error", "sentence"),
    [
        (lambda *_: 1 / 0, RunError, r"policy .*Odd failed to answer 8 rows of group 'both': ZeroDivisionError"),
        (lambda *_: None, UserError, r"policy .*Odd answered with a NoneType: act\(\) must give marl.policy.Acts"),
    ],
)
def test_a_policy_that_fails_is_named(act: Any, error: type[Exception], sentence: str) -> None:
    class Odd:
        def memory(self, rows: int) -> None:
            return None

    odd: Any = Odd()
    odd.act = act
    with pytest.raises(error, match=sentence):
        Sampler(liars("")(4), [odd], Mixtures(np.ones((2, 1)), 1), [0]).collect(10)
