"""How a finished iteration is written down, as the decision `mixtures`, and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from league.iteration import Iteration
from league.ledger.damage import damaged
from league.value import About, Value, plain_values


def plain(iteration: Iteration, abouts: Mapping[str, About], new: Mapping[str, About]) -> dict[str, Any]:
    """As JSON can hold it. `abouts`: of all measures, in their order; `new`: of those that are read of here first."""
    data: dict[str, Any] = {
        "mixtures": [list(mixture) for mixture in iteration.mixtures],
        "values": iteration.values,
        "margins": iteration.margins,
    }
    if iteration.joint is not None:
        data["joint"] = iteration.joint
    data["measures"] = {**dict.fromkeys(abouts), **plain_values(iteration.measures)}  # in order; None: not this time
    if new:
        data["about"] = {name: about.plain() for name, about in new.items()}
    return data


def iteration(number: int, data: Any, seconds: float, where: str) -> Iteration:
    """The iteration of a decision. Raises RunError where the ledger at `where` has not all of it."""
    try:
        mixtures = tuple(tuple(map(float, mixture)) for mixture in data["mixtures"])
        values = tuple(map(float, data["values"]))
        measures = {name: Value(**value) for name, value in data["measures"].items() if value is not None}
        joint = data.get("joint")
        drawn = None if joint is None else tuple((tuple(map(int, cell)), float(weight)) for cell, weight in joint)
        return Iteration(number, mixtures, measures, values, seconds, tuple(data.get("margins", ())), drawn)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(where, f"the decision 'mixtures' of iteration {number} is not whole ({error!r})") from None


def measured(decided: Sequence[Any], where: str) -> dict[str, About]:
    """What people read of every measure that was taken, by name; those of the newest iteration first."""
    found: dict[str, About] = {}
    try:
        for data in decided:
            found |= {name: About(**about) for name, about in data.get("about", {}).items()}
        newest = [name for name in (decided[-1]["measures"] if decided else {}) if name in found]
    except (AttributeError, KeyError, TypeError) as error:
        raise damaged(where, f"what a decision 'mixtures' says of measures is not whole ({error!r})") from None
    return {name: found[name] for name in dict.fromkeys([*newest, *found])}
