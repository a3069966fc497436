"""What was annotated of one group's observations, what waits to be, and the network that learns from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F

from marl.space import Space
from marl.types import Array, Floats
from marl_rewards.encode import width
from marl_rewards.preferences.model import Pairs, PreferenceModel

BATCH, MOST = 64, 10_000  # rows of a gradient step; what may wait, beyond which the oldest are forgotten
SHARP = 4.0  # a network says -1 to 1, and so its odds are from e^-4 to e^4


class Learns(Protocol):
    """The part of `marl_rewards.preferences.oni.Params` that is needed here."""

    kind: str
    hidden: int
    lr: float
    steps: int


class Notes:
    """Annotations by cell. `waiting`: by cell, what it looks like and a scripted annotator's number, newest last."""

    def __init__(self, space: Space, params: Learns, seed: int) -> None:
        self.params, self.size = params, width(space)
        self.model = PreferenceModel(self.size, params.hidden, params.lr, seed)
        self.known: dict[int, float] = {}
        self.inputs: list[Array] = []  # of each cell of `known`, in that order
        self.waiting: dict[int, tuple[Array, float]] = {}
        self._asked: set[int] = set()

    def __len__(self) -> int:
        return len(self.known)

    def paid(self, cells: Array, inputs: Floats) -> Floats:
        """What K observations are worth, `float64[K]`."""
        if self.params.kind == "hash":
            unique, at = np.unique(cells.view(np.int64), return_inverse=True)
            return np.array([float(self.known.get(cell, 0.0) > 0) for cell in unique.tolist()])[at]
        said = self.model.rewards(inputs)
        return said if self.params.kind == "ranking" else (said > 0).astype(np.float64)

    def wait(self, cells: Array, inputs: Array, worth: Array) -> None:
        """Observations that were seen; those that are known are left out, those seen again become the newest."""
        for cell, row, value in zip(cells.tolist(), inputs, worth.tolist(), strict=True):
            if cell not in self.known:
                self.waiting.pop(cell, None)
                self.waiting[cell] = (row, value)
        for cell in list(self.waiting)[: max(0, len(self.waiting) - MOST)]:
            del self.waiting[cell]

    def annotate(self, most: int) -> None:
        """Let a scripted annotator say what it has to say of the newest."""
        for _ in range(min(most, len(self.waiting))):
            cell, (row, value) = self.waiting.popitem()
            self._note(cell, row, value)

    def answered(self, cell: int, worth: float) -> None:
        """What a program says of something; of what was forgotten meanwhile, nothing."""
        if (found := self.waiting.pop(cell, None)) is not None:
            self._note(cell, found[0], worth)

    def unasked(self) -> list[int]:
        """The cells that a program was not asked about yet, newest last."""
        new = [cell for cell in self.waiting if cell not in self._asked]
        self._asked.update(new)
        return new

    def learn(self, seed: int) -> float:
        """Some gradient steps; the mean loss."""
        worth = np.array(list(self.known.values()))
        if self.params.kind == "hash" or len(worth) < 2:
            return float(np.log(2))
        chance, rows = np.random.Generator(np.random.Philox(key=seed)), np.stack(self.inputs)
        step = self._classify if self.params.kind == "classifier" else self._rank
        return float(np.mean([step(rows, worth, chance) for _ in range(self.params.steps)]))

    def save(self) -> dict[str, Array]:
        """All of it, by name."""
        waiting = list(self.waiting.items())
        return {
            "known.cells": np.array(list(self.known), np.int64),
            "known.worth": np.array(list(self.known.values()), np.float64),
            "known.inputs": np.array(self.inputs, np.float32).reshape(-1, self.size),
            "waiting.cells": np.array([cell for cell, _ in waiting], np.int64),
            "waiting.inputs": np.array([row for _, (row, _) in waiting], np.float32).reshape(-1, self.size),
            "waiting.worth": np.array([value for _, (_, value) in waiting], np.float64),
            **{f"model.{key}": array for key, array in self.model.save().items()},
        }

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""
        self.known = dict(zip(state["known.cells"].tolist(), state["known.worth"].tolist(), strict=True))
        self.inputs = list(np.array(state["known.inputs"]))
        rows = zip(np.array(state["waiting.inputs"]), state["waiting.worth"].tolist(), strict=True)
        self.waiting = dict(zip(state["waiting.cells"].tolist(), rows, strict=True))
        self._asked = set()
        self.model.load({key.removeprefix("model."): a for key, a in state.items() if key.startswith("model.")})

    def _note(self, cell: int, row: Array, worth: float) -> None:
        self.known[cell] = worth
        self.inputs.append(row)

    def _classify(self, rows: Array, worth: Floats, chance: np.random.Generator) -> float:
        """One step of cross-entropy, on as many of interest as of none."""
        good, bad = np.flatnonzero(worth > 0), np.flatnonzero(worth <= 0)
        sides = [side for side in (good, bad) if len(side)]
        at = np.concatenate([chance.choice(side, BATCH // len(sides)) for side in sides])
        label = torch.from_numpy((worth[at] > 0).astype(np.float32))
        odds = SHARP * self.model.network(torch.from_numpy(rows[at]))[:, 0]
        return self.model.step(F.binary_cross_entropy_with_logits(odds, label))

    def _rank(self, rows: Array, worth: Floats, chance: np.random.Generator) -> float:
        """One step of the Bradley-Terry model, on pairs of annotated observations."""
        first = chance.integers(0, len(rows), BATCH)
        second = (first + chance.integers(1, len(rows), BATCH)) % len(rows)
        label = np.where(worth[first] == worth[second], 0.5, worth[first] > worth[second]).astype(np.float32)
        inputs = rows[np.stack([first, second])][:, :, None]
        return self.model.learn(Pairs(inputs, np.ones(inputs.shape[:3], np.bool_), label))[0]
