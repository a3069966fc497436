"""What a measure gives, and what people read of it. Cheap to import."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class About:
    """What people read of a measure. It is kept in the ledger, so that readers need no plugin.

    `title`: its name for people. `note`: a sentence or two on what it says, for the report. `better`: whether less or
    more of it is better, "" where neither is. `log`: whether it is drawn on a logarithmic axis. `least`: what it is
    never below, where there is such a number. `per_side`: what it is called when divided by the number of sides, "" if
    nobody does that.
    """

    title: str
    note: str = ""
    better: Literal["less", "more", ""] = ""
    log: bool = False
    least: float | None = None
    per_side: str = ""

    def surpasses(self, one: float, other: float) -> bool:
        """Whether `one` is better than `other`."""
        return one < other if self.better == "less" else one > other if self.better == "more" else False

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it, without what is left to its default."""
        return {name: value for name, value in asdict(self).items() if value != getattr(About, name, None)}


@dataclass(frozen=True)
class Value:
    """A measured number with its 95 % interval: both ends are `value` where it is exact, None where none is known."""

    value: float
    low: float | None
    high: float | None

    @staticmethod
    def exact(value: float) -> Value:
        """A number that chance has no part in."""
        return Value(float(value), float(value), float(value))

    @staticmethod
    def around(value: float, margin: float) -> Value:
        """A number and half its 95 % interval, not finite where too little was played to tell."""
        if not math.isfinite(margin):
            return Value(float(value), None, None)
        return Value(float(value), float(value - margin), float(value + margin))

    @property
    def margin(self) -> float | None:
        """Half the interval: 0 where it is exact, None where it is not known."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    def plain(self) -> dict[str, float | None]:
        """As JSON can hold it."""
        return {"value": self.value, "low": self.low, "high": self.high}


def plain_values(values: Mapping[str, Value]) -> dict[str, dict[str, float | None]]:
    """Values by name, as JSON can hold them."""
    return {name: value.plain() for name, value in values.items()}
