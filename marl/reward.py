"""Rewards: what a learner is paid for instead of, or besides, what the game pays. Named channels of windows of rows.

A reward sees all rows of a group that were collected for one update, and gives numbers for each, by channel. What is
learned from is the weighted sum that a scenario states (`marl.training.rewards`); evaluations and payoffs never see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from marl.env import EnvSpec
from marl.trajectory import Trajectory
from marl.types import Array, ArrayTree, Bools, Floats, Ints

Channels: TypeAlias = Mapping[str, Floats]  # by name, each `float64[K]`
LOGGED = "reward."  # before a channel's name in what is logged: its mean over the rows of an update
NUMBERS = (
    "paid",
    "share",
    "weight",
    "deviation",
    "balanced",
    "explained_variance",
)  # after it and a point: what else is logged of each


@dataclass(frozen=True)
class Window:
    """K rows of one group, as a reward sees them.

    `rows`: who did what, with masks, memory and the environment's columns (`info`), and `reward`, which is always the
    game's own. `discount`: what the learner discounts by, per own turn. An agent's other rows are at `rows.next_row`;
    those of its teammates have the same `match` and, in simultaneous games, the same `tick`.
    """

    rows: Trajectory
    spec: EnvSpec
    discount: float

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def side(self) -> Ints:
        """The side of each row's agent, `int64[K]`."""
        return np.asarray(self.spec.side_of[self.rows.agent])

    @cached_property
    def next_observation(self) -> ArrayTree:
        """What each agent saw next, a tree of `[K, ...]`: see `Trajectory.next_observation`, and `followed`."""
        return self.rows.next_observation()

    @property
    def followed(self) -> Bools:
        """Which rows an observation follows, `bool[K]`."""
        return self.rows.followed


def logged(values: Mapping[str, float]) -> dict[str, float]:
    """The channels among logged numbers, by name, with the sum that is learned from, `total`."""
    found = {name.removeprefix(LOGGED): value for name, value in values.items() if name.startswith(LOGGED)}
    return {name: value for name, value in found.items() if "." not in name}


class Reward(Protocol):
    """Made by calling a registered target with `spec`, the environment's, and its parameters.

    A target raises ValueError or UserError for a game that it does not fit. A reward may have `needs`, the names of
    what must be recorded for it (fields of `marl.arena.Record`: "earned", "before", "whole").
    """

    @property
    def channels(self) -> Mapping[str, str]:
        """The names of its channels, and what each is, in a few words. A class attribute will do."""

    def __call__(self, window: Window) -> Channels:
        """Every channel of `channels`, each finite `float64[K]`; it depends on the window (and the state) alone."""


@runtime_checkable
class LearningReward(Reward, Protocol):
    """A reward that learns. Rows are paid where they are gathered, by a state that is frozen for one update.

    The state is everything that `__call__` and `fit` depend on; it travels with the weights and is part of checkpoints.
    """

    def reset(self, seed: int) -> None:
        """A cold start."""

    def samples(self, window: Window) -> Mapping[str, Array]:
        """What `fit` needs of these rows, arrays by name. Those of several windows are concatenated."""

    def fit(self, samples: Mapping[str, Array], seed: int) -> Mapping[str, float]:
        """Learn from an update's rows, once; numbers to report. All randomness follows from `seed`."""

    def save(self) -> Mapping[str, Array]:
        """The state: arrays by name (without a slash)."""

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from a saved state, older or newer, bit by bit as the one that saved it."""
