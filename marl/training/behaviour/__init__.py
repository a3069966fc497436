"""Behaviour: how a learning policy acts while it gathers experience. No snapshot has one, and evaluation uses none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from marl.types import Array, Bools, Floats, Keys


class Drawn(Protocol):
    """The part of an action distribution that a behaviour stands on (see `marl.training.networks.Distribution`)."""

    def sample(self, inputs: Array, mask: Bools | None, keys: Keys) -> tuple[Array, Floats]:
        """An action per key, and its log-probability."""

    def mode(self, inputs: Array, mask: Bools | None) -> Array:
        """The most probable (or most valuable) action."""


class Behaviour(Protocol):
    """A sampling rule over a distribution. Made without arguments; what it can be told are scheduled coefficients."""

    def sample(
        self, distribution: Drawn, inputs: Array, mask: Bools | None, keys: Keys, coefficients: Mapping[str, float]
    ) -> tuple[Array, Floats]:
        """An action for each of K rows and the logarithm of its probability: `[K, ...]`, `float64[K]`.

        `inputs`: `float32[K, D]`, of the distribution. `mask`: `bool[K, W]` or None. All chance comes from `keys[K]`.
        """


@runtime_checkable
class Perturbing(Behaviour, Protocol):
    """A behaviour that has networks say something else. What it remembers of a match is part of the policy's memory."""

    memory: int
    """How many numbers it remembers of each row."""

    def begun(self, memory: Array, keys: Keys) -> Array:
        """What is remembered `float32[K, memory]` once a match has begun; zeros are given where it begins."""

    def inputs(
        self, name: str, network: Any, observation: Any, memory: Array, coefficients: Mapping[str, float]
    ) -> Array:
        """The inputs `float32[K, D]` of the distribution, by module `name`. `observation`: tensors `[K, ...]`."""
