"""What was played lately, judged or not, for models of preferences that learn how the game goes on besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch

from marl.env import Group
from marl.reward import Window
from marl.types import Array, Ints
from marl_rewards.encode import encode, width
from marl_rewards.preferences.bradley_terry import BradleyTerry, Params
from marl_rewards.preferences.model import PreferenceModel
from marl_rewards.preferences.segments import Segments, cut, inputs, laid, size

BATCH = 32  # segments of one gradient step


@dataclass(frozen=True)
class Played:
    """M segments of T own turns, and what followed each turn.

    `inputs` `float32[M, T, D]`: as of pairs, what was seen (the first S numbers) and done. `valid` `bool[M, T]`.
    `following` `float32[M, T, S]`: what was seen next, where it is `known` `bool[M, T]`.
    """

    inputs: Array
    valid: Array
    following: Array
    known: Array

    def __len__(self) -> int:
        return len(self.valid)

    def take(self, index: Ints | slice) -> Played:
        """The segments at `index`."""
        return Played(*(getattr(self, one.name)[index] for one in fields(self)))

    def joined(self, more: Played, most: int) -> Played:
        """These and more, the newest `most`."""
        both = (np.concatenate([getattr(self, one.name), getattr(more, one.name)])[-most:] for one in fields(self))
        return Played(*both)

    @property
    def tensors(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """`inputs`, `valid`, `following`, `known`."""
        return (*(torch.from_numpy(getattr(self, one.name)) for one in fields(self)),)  # type: ignore[return-value]

    @staticmethod
    def none(length: int, group: Group) -> Played:
        """No segments of `length` turns of a group."""
        nothing, seen = np.zeros((0, length), np.bool_), width(group.observation)
        shapes = [np.zeros((0, length, many), np.float32) for many in (size(group), seen)]
        return Played(shapes[0], nothing, shapes[1], nothing)

    @staticmethod
    def of(window: Window, segments: Segments) -> Played:
        """The segments of a window."""
        seen = encode(window.spec.groups[window.rows.group].observation, window.next_observation)
        known = segments.valid & window.followed[segments.row]
        return Played(laid(segments, inputs(window)), segments.valid, laid(segments, seen), known)


class StudyingModel(PreferenceModel):
    """A model that also learns from what was not judged."""

    def study(self, played: Played) -> float:
        """One gradient step on segments; the loss before it."""
        raise NotImplementedError


@dataclass(kw_only=True)
class StudyParams(Params):
    """What is learned besides what the judge says."""

    study: int = 50
    """Gradient steps of each model in an update on what was played, judged or not, of 32 segments each; 0: none."""
    kept: int = 1000
    """How many segments it learns from: the newest of each group. They are part of every checkpoint."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.study < 0:
            raise ValueError(f"study must not be negative, but it is {self.study}")
        if self.kept < 1:
            raise ValueError(f"kept must be at least 1, not {self.kept}")


class Studying(BradleyTerry):
    """`BradleyTerry` with models that study what was played before they learn what the judge says of it."""

    params: StudyParams
    models: Sequence[Sequence[StudyingModel]]  # type: ignore[assignment]

    def reset(self, seed: int) -> None:
        """New models, nothing compared, nothing played."""
        super().reset(seed)
        self.played = [Played.none(self.params.segment, group) for group in self.spec.groups]

    def samples(self, window: Window) -> Mapping[str, Array]:
        """What the judge needs, and all segments with what followed."""
        found = Played.of(window, cut(window.rows, self.params.segment))
        name = f"group{window.rows.group}"
        return {**super().samples(window), **{f"{name}.{one.name}": getattr(found, one.name) for one in fields(found)}}

    def fit(self, samples: Mapping[str, Array], seed: int) -> Mapping[str, float]:
        """Study, then learn what the judge says; `studied` is the mean loss of the former."""
        for group, name in enumerate(f"group{number}" for number in range(len(self.spec.groups))):
            if f"{name}.following" in samples:
                new = Played(*(samples[f"{name}.{one.name}"] for one in fields(Played)))
                self.played[group] = self.played[group].joined(new, self.params.kept)
        chance = np.random.Generator(np.random.Philox(key=[seed, 1]))
        losses = [
            model.study(played.take(chance.integers(0, len(played), min(BATCH, len(played)))))
            for played, models in zip(self.played, self.models, strict=True)
            if len(played)
            for model in models
            for _ in range(self.params.study)
        ]
        return {**super().fit(samples, seed), **({"studied": float(np.mean(losses))} if losses else {})}

    def save(self) -> Mapping[str, Array]:
        """Models, optimisers, all that was said, and what is kept of what was played."""
        kept = {
            f"group{group}.played.{one.name}": getattr(played, one.name)
            for group, played in enumerate(self.played)
            for one in fields(played)
        }
        return {**super().save(), **kept}

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""
        super().load(state)
        self.played = [
            Played(*(np.array(state[f"group{group}.played.{one.name}"]) for one in fields(Played)))
            for group in range(len(self.played))
        ]
