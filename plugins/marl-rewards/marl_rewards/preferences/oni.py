"""Annotated observations: somebody who knows the game says what is of interest, while the agent learns.

Why: where the game pays at a goal that chance does not reach, whoever knows what leads there can say so of what was
seen, and need not play. Annotations come when they come. An annotator that is a program (a language model, say) works
beside the run, newest observations first, and what it has said by an update counts from the next one on: it never keeps
a rollout waiting. A scripted one, an expression, annotates `each` observations an update.

- `hash`: pays 1 for what was annotated as of interest (above 0), and nothing for what was not annotated yet.
- `classifier`: a network learns from all annotations, and pays 1 for what it holds to be of interest, annotated or not.
- `ranking`: a network learns which of two annotated observations is of more interest (Bradley-Terry); pays -1 to 1.

What is found again and again stays of interest: multiply it by `rewards/episodic`, as the paper does by counts.
Source: Zheng, Henaff, Zhang, Grover, Amos, "Online intrinsic rewards for decision making agents from large language
model feedback" (ONI), 2024 (arXiv:2410.23022): hashing, classification and ranking models, and an asynchronous server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl.types import Array, Floats
from marl_rewards.cells import Cells
from marl_rewards.encode import encode
from marl_rewards.features import Features
from marl_rewards.preferences.notes import Notes
from marl_rewards.preferences.program import Program


@dataclass(kw_only=True)
class Params:
    """Who annotates, and what is made of it."""

    kind: Literal["hash", "classifier", "ranking"] = "hash"
    """How annotations become a reward."""
    of: str = ""
    """A scripted annotator: an expression of what is seen after an action; above 0 is of interest, more is of more."""
    each: int = 64
    """How many new observations a scripted annotator annotates in an update."""
    command: list[str] = field(default_factory=list)
    """Instead: a program and its arguments, that reads {"observation": [...]} and writes a number, line by line."""
    resolution: float = 1.0
    """Numbers in observations that round to the same multiple of it are the same."""
    hidden: int = 64
    """Width of the hidden layers of a classifier or a ranking."""
    lr: float = 1e-3
    """Their learning rate (Adam)."""
    steps: int = 50
    """Their gradient steps in an update."""

    def __post_init__(self) -> None:
        if bool(self.of) == bool(self.command):
            raise ValueError("an annotator is either an expression (of) or a program (command)")
        for name in ("each", "hidden", "steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("resolution", "lr"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")


class ONI:
    """One channel; 0 where nothing was seen afterwards."""

    channels: ClassVar = {"interest": "what an annotator says of the next observation"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        self.params, self.spaces = params, [group.observation for group in spec.groups]
        self.features = Features([params.of], spec) if params.of else None
        self.cells = [Cells(space, params.resolution) for space in self.spaces]
        self.program: Program | None = None
        self.reset(0)

    def __call__(self, window: Window) -> Channels:
        """`interest`, `float64[K]`."""
        group, notes = window.rows.group, self.notes[window.rows.group]
        inputs = self._inputs(window)
        paid = notes.paid(self.cells[group](window.next_observation), inputs) if len(notes) else np.zeros(len(window))
        return {"interest": np.where(window.followed, paid, 0.0)}

    def reset(self, seed: int) -> None:
        """Nothing annotated."""
        self.notes = [Notes(space, self.params, seed + number) for number, space in enumerate(self.spaces)]

    def samples(self, window: Window) -> Mapping[str, Array]:
        """What was seen, each cell once, the last time that it was seen."""
        group, rows = window.rows.group, np.flatnonzero(window.followed)[::-1]
        cells, first = np.unique(self.cells[group](window.next_observation)[rows], return_index=True)
        rows = rows[np.sort(first)[::-1]]
        worth = self.features.after(window)[rows, 0] if self.features else np.full(len(cells), np.nan)
        seen = self.cells[group](window.next_observation)[rows].view(np.int64)
        inputs = self._inputs(window)[rows].astype(np.float32)
        return {f"group{group}.cells": seen, f"group{group}.inputs": inputs, f"group{group}.worth": worth}

    def fit(self, samples: Mapping[str, Array], seed: int) -> Mapping[str, float]:
        """Ask about what is new, take what was annotated, and learn from it; how much is annotated, and waits."""
        for group, notes in enumerate(self.notes):
            if f"group{group}.cells" in samples:
                notes.wait(*(samples[f"group{group}.{key}"] for key in ("cells", "inputs", "worth")))
        if self.params.command:
            self._take()
        else:
            for notes in self.notes:
                notes.annotate(self.params.each)
        told = [notes.learn(seed + number) for number, notes in enumerate(self.notes)]
        waiting = sum(len(notes.waiting) for notes in self.notes)
        known = {"annotated": float(sum(map(len, self.notes))), "waiting": float(waiting)}
        return known | ({} if self.params.kind == "hash" else {"loss": float(np.mean(told))})

    def save(self) -> Mapping[str, Array]:
        """Annotations, what waits for one, and networks."""
        return {f"group{at}.{key}": a for at, notes in enumerate(self.notes) for key, a in notes.save().items()}

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`; a program is asked again about what waits."""
        for at, notes in enumerate(self.notes):
            prefix = f"group{at}."
            notes.load({key.removeprefix(prefix): a for key, a in state.items() if key.startswith(prefix)})

    def _take(self) -> None:
        """Ask the program about what it was not asked about, and take its answers, whatever there are."""
        self.program = self.program or Program(self.params.command)
        groups = len(self.notes)
        for value_of, worth in self.program.answers():
            self.notes[value_of % groups].answered(value_of // groups, worth)
        for group, notes in enumerate(self.notes):
            new = notes.unasked()
            numbers = [cell * groups + group for cell in new]
            self.program.ask(numbers, np.array([notes.waiting[cell][0] for cell in new]))

    def _inputs(self, window: Window) -> Floats:
        return encode(self.spaces[window.rows.group], window.next_observation)
