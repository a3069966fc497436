"""Counts: what has been seen n times before pays `1 / sqrt(n + 1)`, over all matches.

Why: the optimism of tabular exploration, where it is provably efficient, for observations that fall into cells.
Source: Strehl and Littman, "An analysis of model-based interval estimation for Markov decision processes", 2008 (the
bonus); Tang et al., "#Exploration: a study of count-based exploration for deep reinforcement learning", NeurIPS 2017
(arXiv:1611.04717), for cells of observations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl.types import Array
from marl_rewards.cells import Cells


@dataclass
class Params:
    """What counts as the same."""

    resolution: float = 1.0
    """Numbers that round to the same multiple of it are the same."""

    def __post_init__(self) -> None:
        if not self.resolution > 0:
            raise ValueError(f"resolution must be above 0, not {self.resolution}")


class Counts:
    """One channel, from 1 (never seen) down. Counts are those before the update, and by group of agents."""

    channels: ClassVar = {"rare": "one over the root of how often the next observation was seen"}

    def __init__(self, spec: EnvSpec, params: Params | None = None) -> None:
        params = params or Params()
        self.cells = [Cells(group.observation, params.resolution) for group in spec.groups]
        self.reset(0)

    def __call__(self, window: Window) -> Channels:
        """`rare`, `float64[K]`; 0 where nothing was seen afterwards."""
        cells, counts = self.seen[window.rows.group]
        mine = self.cells[window.rows.group](window.next_observation)
        at = np.minimum(np.searchsorted(cells, mine), max(len(cells) - 1, 0))
        known = cells[at] == mine if len(cells) else np.zeros(len(mine), dtype=np.bool_)
        count = np.where(known, counts[at] if len(cells) else 0, 0)
        return {"rare": np.where(window.followed, 1 / np.sqrt(count + 1.0), 0.0)}

    def reset(self, seed: int) -> None:
        """Nothing seen."""
        self.seen: list[tuple[Array, Array]] = [(np.zeros(0, np.uint64), np.zeros(0, np.int64)) for _ in self.cells]

    def samples(self, window: Window) -> Mapping[str, Array]:
        """The cells that were seen."""
        group = window.rows.group
        return {f"group{group}": self.cells[group](window.next_observation)[window.followed]}

    def fit(self, samples: Mapping[str, Array], seed: int) -> Mapping[str, float]:
        """Count them; how many cells are known, `cells`."""
        for name, rows in samples.items():
            group = int(name.removeprefix("group"))
            new, more = np.unique(rows, return_counts=True)
            cells, at = np.unique(np.concatenate([self.seen[group][0], new]), return_inverse=True)
            counts = np.zeros(len(cells), np.int64)
            np.add.at(counts, at, np.concatenate([self.seen[group][1], more]))
            self.seen[group] = cells, counts
        return {"cells": float(sum(len(cells) for cells, _ in self.seen))}

    def save(self) -> Mapping[str, Array]:
        """Cells and counts by group."""
        pairs = [(f"group{group}", *seen) for group, seen in enumerate(self.seen)]
        return {f"{name}.cells": cells.view(np.int64) for name, cells, _ in pairs} | {
            f"{name}.counts": counts for name, _, counts in pairs
        }

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""
        names = [f"group{group}" for group in range(len(self.cells))]
        self.seen = [
            (np.array(state[f"{name}.cells"]).view(np.uint64), np.array(state[f"{name}.counts"])) for name in names
        ]
