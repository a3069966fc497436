"""What came of an ablation: the score of every variant and seed, as a file beside its runs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from marl.blobs import write_atomically
from marl.errors import RunError
from marl_rewards.lab.variants import ALL

FILE = "ablation.json"


@dataclass(frozen=True)
class Mean:
    """A mean over seeds and half its 95 % interval (Student's t); infinite for one seed."""

    value: float
    margin: float
    count: int

    @staticmethod
    def of(values: Sequence[float]) -> Mean:
        """Of at least one value."""
        count = len(values)
        if count < 2:
            return Mean(float(np.mean(values)), math.inf, count)
        from scipy.special import stdtrit  # where it is needed: it takes a moment

        spread = float(np.std(values, ddof=1)) / math.sqrt(count)
        return Mean(float(np.mean(values)), float(stdtrit(count - 1, 0.975)) * spread, count)


@dataclass(kw_only=True)
class Scores:
    """`scores` by variant and seed, of those that are done; `seeds` of them are wanted, from `first` on.

    `scenario` and `overrides` are as they were given, `name` is the scenario's, `out` where the runs are.
    """

    scenario: str
    name: str
    overrides: list[str]
    seeds: int
    first: int = 0
    out: Path
    scores: dict[str, dict[int, float]] = field(default_factory=dict)
    measured: str = "return in training"
    """What a score is."""

    def mean(self, name: str) -> Mean:
        """The mean score of a variant."""
        return Mean.of(list(self.scores[name].values()))

    def change(self, name: str) -> Mean:
        """How much a variant's score is above that of `all`, over the seeds that both have."""
        whole = self.scores[ALL]
        return Mean.of([score - whole[seed] for seed, score in self.scores[name].items() if seed in whole])

    @staticmethod
    def folder(out: Path, name: str, seed: int) -> Path:
        """Where the run of a variant and a seed is."""
        return out / name.replace(" ", "-").replace(":", "-") / f"seed-{seed}"

    def write(self) -> None:
        """Write it into the folder of its runs, all of it or nothing."""
        content = {one.name: getattr(self, one.name) for one in fields(Scores) if one.name != "out"}
        write_atomically(self.out / FILE, json.dumps({"format": 1, **content}, indent=1).encode())

    @staticmethod
    def read(out: Path) -> Scores | None:
        """What stands in a folder, None where there is no ablation. Raises RunError where it is damaged."""
        try:
            found: dict[str, Any] = json.loads((out / FILE).read_bytes())
            scores = {name: {int(seed): float(score) for seed, score in each.items()}
                      for name, each in found.pop("scores").items()}  # fmt: skip
            found.pop("format")
            read = Scores(**found, out=out, scores=scores)
            if not scores[ALL]:
                raise KeyError(ALL)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RunError(f"{out / FILE} is damaged ({error}): `marl rewards ablate` writes it anew") from None
        return read
