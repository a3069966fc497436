"""Numbers of a row as rewards need them: expressions before an action and after it, and columns of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from marl import space
from marl.env import EnvSpec
from marl.reward import Window
from marl.types import Bools, Floats
from marl_rewards.expression import Expression

Whose = Literal["match", "agent", "side"]


class Features:
    """D expressions of one row. Raises ValueError where a text is none, or does not fit the game."""

    def __init__(self, texts: Sequence[str], spec: EnvSpec) -> None:
        if not texts:
            raise ValueError("it needs one expression or more, as in [observation[0]]")
        self.expressions = [Expression(text, list(spec.info)) for text in texts]
        for expression in self.expressions:
            for group in spec.groups if not expression.columns else ():
                expression(space.zeros(group.observation, 2), {}, 2)

    @property
    def informed(self) -> bool:
        """Whether columns of the environment are looked at."""
        return any(expression.columns for expression in self.expressions)

    def before(self, window: Window) -> Floats:
        """As of the action, `float64[K, D]`; columns need the record "before"."""
        rows = window.rows
        return np.stack([one(rows.observation, rows.before, len(rows)) for one in self.expressions], axis=1)

    def after(self, window: Window) -> Floats:
        """At the agent's next own turn, or when its part ended, `float64[K, D]`; see `known`."""
        rows = window.rows
        return np.stack([one(window.next_observation, rows.info, len(rows)) for one in self.expressions], axis=1)

    def known(self, window: Window) -> Bools:
        """The rows after which everything that is looked at is there, `bool[K]`."""
        looks = any("observation" in one.text for one in self.expressions)
        return np.asarray(window.followed) if looks else np.ones(len(window), dtype=np.bool_)


def own(column: Floats, window: Window, whose: Whose, name: str) -> Floats:
    """A column of the environment for each row's agent, `float64[K]`.

    `whose`: of the `match`, one number a row; or one for every `agent` or `side`, `[K, N]` or `[K, S]`, of which the
    row's is taken. Raises ValueError for a column of another shape.
    """
    spec = window.spec
    column = np.asarray(column, dtype=np.float64)
    width = {"match": (), "agent": (len(spec.agents),), "side": (len(spec.sides),)}[whose]
    if column.shape[1:] != width:
        what = "one number" if whose == "match" else f"{width[0]} numbers, one for every {whose},"
        raise ValueError(f"whose: {whose} takes {what} a row, and the column {name!r} has {list(column.shape[1:])}")
    if whose == "match":
        return column
    index = window.rows.agent if whose == "agent" else window.side
    return np.asarray(column[np.arange(len(window)), index])
