"""What NFSP keeps of what was played: all turns, for the best response; and its own turns alone, for the average.

| column of a draw | shape | |
|---|---|---|
| `observation`, `mask`, `action` | `[K, ...]` | turns of best responses, each since the cold start alike likely |
| `answer_observation`, `answer_action` | `[K, ...]` | recent turns of anybody, drawn apart from those |
| the others | `[K, ...]` | what followed those turns, see `marl.training.experience.replay` |
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from marl import rng, tree
from marl.algorithm import Checkpoint
from marl.arena import Record, Trajectory
from marl.training.checkpoint import part
from marl.training.experience import Columns, Cut, Draw, rows_by_module
from marl.training.experience.replay import Replay
from marl.training.networks import NetworkPolicy
from marl.types import Array
from marl_nash.params import NFSPParams
from marl_nash.reservoir import Turns

_REPLAY, _RESERVOIR, _DRAW = "replay", "reservoir", 0x61766572
_FITTED = ("observation", "mask", "action")  # what the average policy learns from


class NFSPMemory:
    """See `Experience`: a replay and, for each network, a reservoir. Nothing is drawn before both have rows."""

    keeps: ClassVar[bool] = True
    record: ClassVar[Record] = Replay.record

    def __init__(self, hyper: NFSPParams) -> None:
        self._hyper = hyper
        self.replay = Replay(hyper)
        self.reservoirs: dict[str, Turns] = {}

    def cut(self, windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str]) -> Cut:
        """Transitions, and `best`, whether a turn was one of a best response: only these have values."""
        cut = self.replay.cut(windows, live, modules)
        for window in windows:
            for name, rows in rows_by_module(window, modules).items():
                cut.columns[name]["best"] = np.isfinite(window.value[rows])
        return cut

    def add(self, parts: Sequence[Mapping[str, Columns]]) -> None:
        """All turns go into the replay, and those of best responses into the reservoir."""
        for columns in parts:
            for name, new in columns.items():
                chosen = np.flatnonzero(new["best"])
                own = {key: tree.take(new[key], chosen) for key in _FITTED if key in new}
                self.reservoirs.setdefault(name, Turns(self._hyper.reservoir, _stream(name))).add(own)
        self.replay.add([{name: _without(new, "best") for name, new in columns.items()} for columns in parts])

    def draw(self, seed: int, coefficients: Mapping[str, float]) -> Draw:
        """`updates` minibatches of each, drawn apart."""
        answers, columns = self.replay.draw(seed, coefficients), {}
        for name, drawn in answers.columns.items():
            kept = self.reservoirs[name]
            if not kept.size:
                continue
            keys = rng.mix(seed, _stream(name), _DRAW, np.arange(self._hyper.updates * self._hyper.minibatch))
            renamed = {f"answer_{key}" if key in _FITTED else key: column for key, column in drawn.items()}
            columns[name] = renamed | kept.take((rng.uniform(keys) * kept.size).astype(np.int64))
        return Draw(columns, 1, dict.fromkeys(columns, self._hyper.updates))

    def learned(self, said: Mapping[str, Array]) -> None:
        """See `Replay`."""
        self.replay.learned(said)

    def reset(self) -> None:
        """See `Experience`."""
        self.replay.reset()
        self.reservoirs = {}

    def save(self) -> Checkpoint:
        """Both."""
        replay, arrays, meta = self.replay.save(), {}, {}
        for name, kept in self.reservoirs.items():
            saved = kept.save()
            arrays |= {f"{_RESERVOIR}/{name}/{key}": array for key, array in saved.arrays.items()}
            meta[name] = dict(saved.meta)
        arrays |= {f"{_REPLAY}/{key}": array for key, array in replay.arrays.items()}
        return Checkpoint(arrays, {_REPLAY: dict(replay.meta), _RESERVOIR: meta})

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Experience`; of other sizes, see `Replay` and `Turns`."""
        self.reset()
        self.replay.load(Checkpoint(part(checkpoint.arrays, f"{_REPLAY}/"), checkpoint.meta.get(_REPLAY, {})))
        for name, meta in checkpoint.meta.get(_RESERVOIR, {}).items():
            saved = Checkpoint(part(checkpoint.arrays, f"{_RESERVOIR}/{name}/"), meta)
            self.reservoirs[name] = Turns.loaded(self._hyper.reservoir, _stream(name), saved)


def _stream(name: str) -> int:
    return zlib.crc32(name.encode())


def _without(columns: Columns, name: str) -> Columns:
    return {key: column for key, column in columns.items() if key != name}
