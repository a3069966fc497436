"""Debates: what is shown convinces, and what cannot be justified is not paid."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from marl.env import EnvSpec, Group
from marl.errors import UserError
from marl.registry import REWARDS, load_registry
from marl.reward import Window
from marl.space import Box, Discrete

SIZE = 8
SPEC = EnvSpec(("a",), (Group("all", (0,), Box((SIZE,), -3, 3), Discrete(2)),), ((0,),), "turns", 9)
# two numbers of eight are all that counts: to show both is to tell it all
WORTH = ["observation[0] + observation[1]", "-observation[0] - observation[1]"]


def rows(count: int, seed: int) -> Any:
    """States of numbers drawn alike, and any action in them."""
    chance = np.random.Generator(np.random.Philox(key=seed))

    class Rows(SimpleNamespace):
        def __len__(self) -> int:
            return count

    seen, number = chance.normal(size=(count, SIZE)).astype(np.float32), np.arange(count)
    columns: Any = {"observation": seen, "action": chance.integers(0, 2, count), "match": number, "info": {}}
    return Window(Rows(group=0, tick=number * 0, agent=number * 0, before={}, **columns), SPEC, 0.9)


def made(**params: Any) -> Any:
    return load_registry().make(REWARDS, "rewards/debate", {"worth": WORTH, **params}, spec=SPEC)


def test_what_debaters_show_tells_the_judge_more_than_chance_and_justified_actions_are_paid() -> None:
    reward, window = made(lr=0.01, steps=60), rows(2000, 1)
    assert not reward(window)["justified"].any()
    for update in range(4):
        told = reward.fit(reward.samples(rows(2000, update + 10)), update)
    assert told["right"] > told["right_by_chance"] + 0.1 and told["right"] > 0.75
    paid, seen = reward(window)["justified"], window.rows.observation
    good = (seen[:, 0] + seen[:, 1] > 0) == (window.rows.action == 0)
    assert abs(paid).max() <= 1 and paid[good].mean() > 0.2 > -0.2 > paid[~good].mean()
    assert paid[good].mean() == pytest.approx(-paid[~good].mean(), abs=0.15)  # zero-sum: neither side is favoured
    other = made(lr=0.01, steps=60)
    other.load(reward.save())
    assert reward.fit(reward.samples(window), 9) == other.fit(other.samples(window), 9)
    assert (reward(window)["justified"] == other(window)["justified"]).all()


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"worth": ["observation[0]"]}, "worth has an expression for each of two actions"),
        ({"worth": ["1", "2", "3"]}, "worth has 3 expressions, and there are 2 actions"),
        ({"pieces": 5}, "cannot show 5 numbers each of 8"),
    ],
)
def test_what_makes_no_sense_is_refused(params: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        made(**params)
