"""Replay: a bounded ring of transitions for each module, drawn uniformly or by how much they surprised.

| column of a draw | shape | |
|---|---|---|
| `observation`, `mask`, `action`, `logp` | `[K, ...]` | as they were played; masks only where there are some |
| `reward` | `float32[K]` | of up to `n_step` own turns, discounted |
| `next_observation`, `next_mask` | `[K, ...]` | at the own turn after those, or when the agent's part ended |
| `discount` | `float32[K]` | of what follows: `discount` to the power of those turns, 0 where nothing can follow |
| `version` | `int64[K]` | how many updates are behind the weights that played |
| `weight` | `float32[K]` | importance of the row, at most 1; 1 without priorities |

In a turn-based game, what follows is the agent's *next own turn*, however many ticks lie in between. The n turns are
counted when rows are drawn, over the borders of updates; a row whose successors are not played yet counts fewer.

Sources: Lin, "Self-improving reactive agents based on reinforcement learning, planning and teaching", Machine Learning
8 (1992); Schaul et al., "Prioritized experience replay", ICLR 2016 (proportional, with stratified draws).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from marl import rng
from marl.algorithm import Checkpoint
from marl.arena import Record, Trajectory
from marl.training.checkpoint import part
from marl.training.experience import Columns, Cut, Draw
from marl.training.experience.ring import Ring
from marl.training.experience.transitions import by_module
from marl.training.hyper import ReplayHyper
from marl.training.networks import NetworkPolicy
from marl.types import Array, Floats, Ints


class Replay:
    """See `Experience`. A draw is `updates` minibatches, in order; it is empty before `learning_starts` rows.

    What the loss says of a row is its priority from then on; new rows have the greatest so far. All draws follow from
    seeds, so a run that goes on from a checkpoint draws what it would have drawn.
    """

    keeps: ClassVar[bool] = True
    record: ClassVar[Record] = Record()

    def __init__(self, hyper: ReplayHyper) -> None:
        self._hyper = hyper
        self.rings: dict[str, Ring] = {}
        self._drawn: dict[str, Ints] = {}  # where the rows of the last draw are

    def cut(self, windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str]) -> Cut:
        """Transitions, and where each is followed by another. Raises UserError for modules with a memory."""
        return Cut(by_module(windows, live, modules, "a replay of single turns"), {})

    def add(self, parts: Sequence[Mapping[str, Columns]]) -> None:
        """Write them into the rings, over the oldest rows where those are full."""
        for sampler, columns in enumerate(parts):
            for name, new in columns.items():
                self.rings.setdefault(name, Ring(self._hyper.capacity)).add(new, sampler)

    def draw(self, seed: int, coefficients: Mapping[str, float]) -> Draw:
        """`updates` minibatches of each module that has enough rows."""
        hyper, columns = self._hyper, {}
        self._drawn = {}
        for name, ring in sorted(self.rings.items()):
            if ring.size >= max(hyper.learning_starts, hyper.minibatch):
                keys = rng.mix(seed, zlib.crc32(name.encode()), np.arange(hyper.updates * hyper.minibatch))
                where, weight = self._choose(ring, rng.uniform(keys), coefficients)
                self._drawn[name] = where
                columns[name] = {**ring.turns(where, hyper.n_step, hyper.discount), "weight": weight}
        return Draw(columns, 1, dict.fromkeys(columns, hyper.updates))

    def learned(self, said: Mapping[str, Array]) -> None:
        """Sizes of errors are priorities."""
        for name, errors in said.items() if self._hyper.prioritised else ():
            self.rings[name].surprised(self._drawn[name], errors)

    def reset(self) -> None:
        """See `Experience`."""
        self.rings, self._drawn = {}, {}

    def save(self) -> Checkpoint:
        """All rows, and where the next ones go."""
        saved = {name: ring.save() for name, ring in self.rings.items()}
        arrays = {f"{name}/{key}": array for name, one in saved.items() for key, array in one.arrays.items()}
        return Checkpoint(arrays, {name: dict(one.meta) for name, one in saved.items()})

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Experience`. With another `capacity`, the newest rows that it holds are kept."""
        self.reset()
        for name, meta in checkpoint.meta.items():
            saved = Checkpoint(part(checkpoint.arrays, f"{name}/"), meta)
            self.rings[name] = Ring.loaded(self._hyper.capacity, saved)

    def _choose(self, ring: Ring, uniform: Floats, coefficients: Mapping[str, float]) -> tuple[Ints, Array]:
        """Where rows are drawn from, `int64[K]`, and what each weighs, `float32[K]`."""
        hyper = self._hyper
        if not hyper.prioritised:
            return (uniform * ring.size).astype(np.int64), np.ones(len(uniform), dtype=np.float32)
        priority = ring.priority[: ring.size] ** hyper.priority
        totals = np.cumsum(priority)
        strata = (np.arange(len(uniform)) % hyper.minibatch + uniform) / hyper.minibatch
        where = np.minimum(np.searchsorted(totals, strata * totals[-1], side="right"), ring.size - 1)
        weight = (priority[where] / priority.min()) ** -coefficients["importance"]
        return where, weight.astype(np.float32)
