"""One match of a game, for authors who write games one match at a time."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marl import rng
from marl.env import Frame
from marl.types import ArrayTree


@dataclass(slots=True)
class View:
    """What one agent sees when it must act: its observation (one row, without the axis K) and its legal actions."""

    observation: ArrayTree
    mask: Any = None  # bool[mask_width], or None where everything is legal


@dataclass(slots=True)
class Outcome:
    """What one tick did. Rewards and endings are by agent index; who is not named got nothing and goes on.

    A match is over when it is `done`, which terminates everybody who is still in it, or when nobody is. `final`: the
    last observation of each agent that ended; those that are missing are asked for with `Match.observe`. `info`: the
    columns that `EnvSpec.info` declares; a missing one is 0.
    """

    rewards: Mapping[int, float] = field(default_factory=dict)
    terminated: frozenset[int] | set[int] = frozenset()
    truncated: frozenset[int] | set[int] = frozenset()
    done: bool = False
    fault: int = -1
    final: Mapping[int, ArrayTree] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)


class Match(abc.ABC):
    """One match of a game. Draw chance from `self.chance()`, which follows from the seed alone.

    `seed`, `draws`, `agents` (how many there are) and `task` (0 where the game has no tasks) are set before `start`.
    """

    seed: int = 0
    draws: int = 0
    agents: int = 2
    task: int = 0

    def chance(self) -> float:
        """The next uniform number in `[0, 1)` of this match."""
        self.draws += 1
        return float(rng.uniform(rng.mix(self.seed, self.draws))[0])

    @abc.abstractmethod
    def start(self) -> None:
        """Begin; `self.seed` and `self.task` are set."""

    @abc.abstractmethod
    def views(self) -> Mapping[int, View]:
        """The agents that must act now, by index, and what each sees. Asked once after `start` and each `play`."""

    @abc.abstractmethod
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        """Apply one legal action per agent that had a view (an int, or an array), and say what happened."""

    @abc.abstractmethod
    def observe(self, agent: int) -> ArrayTree:
        """What `agent` sees now, for its final observation."""

    def illegal(self, agent: int, action: Any) -> Outcome:
        """An action outside the space or the mask: the match ends, at no gain for anybody unless overridden."""
        return Outcome(done=True, fault=agent)

    def state(self) -> ArrayTree:
        """The true state, one row; only needed where `spec.state` is set."""
        raise NotImplementedError

    def render(self) -> Frame:
        """A picture of the match; without one, its `repr` where it has one of its own."""
        own = type(self).__repr__ is not object.__repr__  # object's has an address, which no replay shows again
        return Frame(repr(self) if own else f"{type(self).__name__}, which has no render()", "")
