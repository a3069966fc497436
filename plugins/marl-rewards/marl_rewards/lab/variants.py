"""The variants of an ablation: what a scenario learns from, less each part, and with each part alone.

Every variant is a list of overrides of the scenario, `key=value` as on a command line. Terms are what is summed up:
they are switched off by a weight of 0. Parts of a combination of three or more leave its list; where a combination
has two, the other one takes its weight.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from marl.errors import UserError
from marl.training.composition import GAME, Constraint, RewardConfig, Schedule

ALL = "all"
_KEY = "algorithm.reward"


def variants(reward: RewardConfig) -> dict[str, list[str]]:
    """By name: `all`, `only game`, then `without X` and `only X` for every term, and `without X` for parts.

    "only X" has the game's own reward beside X, with its weight. Raises UserError where there is nothing to leave out.
    """
    terms = terms_of(reward)
    if not terms:
        raise UserError("its reward has no term beside the game's own, so there is nothing to leave out")
    found: dict[str, list[str]] = {ALL: [], "only game": _off(terms)}
    for name in terms:
        if len(terms) > 1:
            found[f"without {name}"] = _off([name])
            found[f"only {name}"] = _off(other for other in terms if other != name)
    for name in terms:
        for part in reward.combine[name].factors if name in reward.combine else ():
            if part != GAME:
                found[f"without {part} in {name}"] = _less(reward, name, part)
    return found


def terms_of(reward: RewardConfig) -> list[str]:
    """What is summed up beside the game's own, by the scenario's names."""
    parts = {part.partition(":")[0] for made in reward.combine.values() for part in made.of}
    names = [*reward.channels, *reward.combine]
    weighed = {name: reward.weights.get(name, 0.0 if name in parts else 1.0) for name in names}
    more = {name: weight for name, weight in reward.weights.items() if ":" in name}
    return [name for name, weight in {**weighed, **more}.items() if weight != 0.0]


def _off(names: Iterable[str]) -> list[str]:
    return [f"{_KEY}.weights.{name}=0" for name in names]


def _less(reward: RewardConfig, name: str, part: str) -> list[str]:
    """The overrides that take a part out of a combination."""
    factors = {other: factor for other, factor in reward.combine[name].factors.items() if other != part}
    if len(factors) > 1:
        return [f"{_KEY}.combine.{name}.of={json.dumps(_of(reward, name, factors))}"]
    ((left, factor),) = factors.items()
    weight = reward.weights.get(name, 1.0)
    own = reward.weights.get(left, 1.0 if left == GAME else 0.0)
    if not isinstance(own, (int, float)) or isinstance(weight, Constraint):
        raise UserError(f"{left} and {name} have weights of their own that change, so one cannot take that of the "
                        f"other, too: leave one of them out of the scenario")  # fmt: skip
    return [f"{_KEY}.weights.{name}=0", f"{_KEY}.weights.{left}={json.dumps(_plus(weight, factor, own))}"]


def _of(reward: RewardConfig, name: str, factors: Mapping[str, float]) -> Any:
    return dict(factors) if isinstance(reward.combine[name].of, dict) else list(factors)


def _plus(weight: float | Schedule, factor: float, own: float) -> Any:
    """A weight times a factor, and more, as a scenario has it."""
    if not isinstance(weight, Schedule):
        return weight * factor + own
    return {**asdict(weight), "start": weight.start * factor + own, "end": weight.end * factor + own}
