"""The `reward:` block of an algorithm: channels, what is made of them, and how much each of these counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from marl.errors import suggestion
from marl.registry import Component, component
from marl.reward import LOGGED
from marl.training.composition.constraint import Constraint
from marl.training.composition.rules import combined
from marl.types import Floats

GAME, TOTAL = "game", "total"


@dataclass(kw_only=True)
class Schedule:
    """A weight that changes in a straight line over the horizon, and then stays."""

    start: float
    """The weight at first."""
    end: float
    """The weight at last."""
    until: float = 1.0
    """Which share of the horizon has passed when it is `end`."""

    def __post_init__(self) -> None:
        if not 0 < self.until <= 1:
            raise ValueError(f"until must be above 0 and at most 1 (a share of the horizon), not {self.until}")

    def at(self, progress: float) -> float:
        """The weight when `progress` in `[0, 1]` of the horizon has passed."""
        return self.start + (self.end - self.start) * min(1.0, progress / self.until)


@dataclass(kw_only=True)
class Combination:
    """A channel that is made of others, row by row."""

    by: Literal["sum", "product", "geometric", "min", "cautious"]
    """`geometric` is Lucy-SKG's Kinesthetic Reward Combination; see marl.training.composition.rules."""
    of: list[str] | dict[str, float]
    """Two channels or more, `game` and other combinations among them; as a mapping, each times its number."""
    caution: float | None = None
    """Of `cautious`: how many variances of the parts are taken from their mean; 1 where nothing is said."""

    def __post_init__(self) -> None:
        if self.caution is not None and (self.by != "cautious" or self.caution < 0):
            raise ValueError(f"caution is a number from 0 up, of by: cautious; it is {self.caution} by: {self.by}")
        if len(self.of) < 2 or len(set(self.of)) < len(self.of):
            raise ValueError(f"of: a combination is of two different channels or more, not of {list(self.of)}")

    @property
    def factors(self) -> dict[str, float]:
        """The parts, each with what it is multiplied by first."""
        return dict(self.of) if isinstance(self.of, dict) else dict.fromkeys(self.of, 1.0)

    def made(self, parts: Sequence[Floats]) -> Floats:
        """The parts, each `float64[K]` times its factor already, as one."""
        return combined(self.by, parts, self.caution)


@dataclass
class RewardConfig:
    """What is learned from: the sum of channels, each times its weight. Nothing but the game's own, by default."""

    channels: dict[str, Component] = component("rewards", default={}, help="by a name of your choice: what pays, too")
    weights: dict[str, float | Schedule | Constraint] = field(default_factory=dict)
    """By channel: a number, a schedule, or a constraint that is to be held; `game` is the game's own. Where none is
    given: 0 for parts of a combination, 1 for all others."""
    combine: dict[str, Combination] = field(default_factory=dict)
    """By a name of your choice: channels that are made of others."""
    clip: dict[str, list[float]] = field(default_factory=dict)
    """By channel: [low, high], the least and the most that it pays."""
    normalise: list[str] = field(default_factory=list)
    """Channels that are divided by the deviation of all that they have paid so far, before they are clipped."""
    zero_sum: bool = False
    """What a side is paid besides the game's own, less the mean of what other sides are: for self-play."""

    def __post_init__(self) -> None:
        named = (("channels", self.channels), ("combine", self.combine))
        for key, name in ((key, name) for key, names in named for name in names):
            if name in (GAME, TOTAL) or not name.replace("_", "").isalnum():
                raise ValueError(f"{key}: {name!r} cannot be a channel's name: use letters, digits and '_', and not "
                                 "'game' (the game's own reward) or 'total' (the sum)")  # fmt: skip
        if both := set(self.channels) & set(self.combine):
            raise ValueError(f"combine: there is a channel {min(both)!r} already: choose another name")
        for key, names in (("weights", self.weights), ("clip", self.clip), ("normalise", self.normalise)):
            self._known(key, names)
        for name, made in self.combine.items():
            self._known(f"combine.{name}.of", made.of)
        self._check_circles()
        for name, limits in self.clip.items():
            if len(limits) != 2 or not limits[0] < limits[1]:
                raise ValueError(f"clip: {name} needs [low, high], the lower one first, not {limits}")

    def coefficients(self, progress: float) -> dict[str, float]:
        """The weights that change, by the name that they are logged by: "reward.NAME.weight"."""
        return {
            coefficient(name): weight.at(progress)
            for name, weight in self.weights.items()
            if isinstance(weight, Schedule)
        }

    @property
    def is_plain(self) -> bool:
        """Whether what is learned from is the game's own reward as it is."""
        changed = self.channels or self.combine or self.clip or self.normalise or self.zero_sum
        return not changed and self.weights.get(GAME, 1.0) == 1.0

    def _known(self, key: str, names: Iterable[str]) -> None:
        """Raises ValueError for a name that no channel can have; `NAME:CHANNEL` is told where rewards are made."""
        known = [GAME, *self.channels, *self.combine]
        for name in names:
            if name.partition(":")[0] not in known:
                raise ValueError(f"{key.partition('.')[0]}: there is no channel {name!r}{suggestion(name, known)}"
                                 + (f" ({key})" if "." in key else ""))  # fmt: skip

    def _check_circles(self) -> None:
        left = dict(self.combine)
        while ready := [name for name, made in left.items() if not set(made.of) & set(left)]:
            for name in ready:
                del left[name]
        if left:
            raise ValueError(f"combine: {', '.join(left)} cannot be made of one another in a circle")


def coefficient(name: str) -> str:
    """What a changing weight is called among an algorithm's coefficients, and where it is logged."""
    return f"{LOGGED}{name}.weight"


def value(weight: float | Schedule, coefficients: dict[str, float], name: str) -> float:
    """A weight as a number; one that changes is what `coefficients` say, its start where they do not."""
    if not isinstance(weight, Schedule):
        return weight
    given = coefficients.get(coefficient(name), math.nan)
    return weight.start if math.isnan(given) else given
