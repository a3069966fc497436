"""What a run's updates logged of its rewards, read from metrics.jsonl alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from marl.errors import UserError
from marl.metrics import read
from marl.reward import LOGGED
from marl.scenario import runs_here
from marl.types import Floats

PAID, SHARE = ".paid", ".share"


@dataclass(frozen=True)
class Updates:
    """U updates in order. Each array is `float64[U]`, NaN where an update did not say.

    `score`: the game's own, the mean return of the matches that ended. `mean`: of each channel as it is made, before
    it is weighted. `paid`: what each term of the sum added on average. `share`: of the variance of the sum.
    """

    run: str
    job: str
    steps: Floats
    score: Floats
    mean: Mapping[str, Floats]
    paid: Mapping[str, Floats]
    share: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def recent(self) -> slice:
        """The last third of the updates, of which numbers for people are the means."""
        return slice(len(self) - max(1, len(self) // 3), len(self))

    @cached_property
    def early(self) -> slice:
        """The first third."""
        return slice(0, max(1, len(self) // 3))

    @cached_property
    def weight(self) -> dict[str, float]:
        """Which share of all that was paid in the last third is each term's, by size."""
        sizes = {name: mean(np.abs(values[self.recent])) for name, values in self.paid.items()}
        whole = sum(size for size in sizes.values() if size > 0) or 1.0
        return {name: size / whole if size > 0 else 0.0 for name, size in sizes.items()}

    def with_score(self, name: str) -> float:
        """The correlation of a term with the game's own score over the updates; NaN where either never changes."""
        return correlation(self.paid[name], self.score)


def read_updates(run: Path) -> Updates:
    """The updates of a run; of a league, those of its newest job that has channels.

    Raises UserError where there is nothing to see.
    """
    path = run / "metrics.jsonl"
    if not path.is_file():
        raise UserError(f"{run} is not a run directory: it has no metrics.jsonl{runs_here()}")
    events = [event for event in read(path) if event.get("event") == "train"]
    if not events:
        raise UserError(f"{run}: no update of a learner has been logged (yet)")
    told = (event for event in reversed(events) if any(key.endswith(PAID) for key in event))
    job = str(next(told, events[-1]).get("job", ""))
    mine = [event for event in events if str(event.get("job", "")) == job]
    paid = _columns(mine, PAID)
    if not paid:
        older = any(key.startswith(LOGGED) for key in mine[-1])
        why = "its marl did not log what channels add yet" if older else "it learns from the game's own reward alone"
        raise UserError(f"{run}: its updates say nothing of channels of rewards: {why}")
    mean = {name: _column(mine, f"{LOGGED}{name}") for name in paid}
    steps = np.array([float(event["step"]) for event in mine])
    score = _column(mine, "return")
    return Updates(run.resolve().name, job, steps, score, mean, paid, _columns(mine, SHARE))


def mean(values: Floats) -> float:
    """Of those that are numbers; NaN where none is, as of a channel that came later."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's, over the updates that have both; NaN for fewer than three, or where one never changes."""
    both = np.isfinite(one) & np.isfinite(other)
    one, other = one[both], other[both]
    if len(one) < 3 or np.ptp(one) < 1e-12 or np.ptp(other) < 1e-12:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _columns(events: Iterable[Mapping[str, Any]], kind: str) -> dict[str, Floats]:
    """What terms logged under a kind, by the name of the term, in the order in which they are logged."""
    events = list(events)
    names = dict.fromkeys(key for event in events for key in event if key.startswith(LOGGED) and key.endswith(kind))
    return {key.removeprefix(LOGGED).removesuffix(kind): _column(events, key) for key in names}


def _column(events: Iterable[Mapping[str, Any]], key: str) -> Floats:
    found = [event.get(key) for event in events]
    return np.array([float(value) if isinstance(value, (int, float)) else np.nan for value in found])
