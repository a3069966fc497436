"""What every action distribution offers."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from marl.types import Array, Bools, Floats, Keys


class Distribution(Protocol):
    """A distribution over actions, described by `inputs[..., D]`, the first `outputs` of which the policy head makes.

    The other `free` inputs are parameters of the network that do not depend on what is seen. `mask` is
    `bool[..., W]` or None; it may be left out wherever `inputs` went through `masked` already.
    """

    outputs: int
    free: int

    def masked(self, inputs: Tensor, mask: Tensor | None) -> Tensor:
        """`inputs` with everything illegal at -1e9, which makes its probability exactly 0."""

    def logp(self, inputs: Tensor, action: Tensor, mask: Tensor | None = None) -> Tensor:
        """The log-probability (or density) of actions, `[...]`."""

    def entropy(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """The entropy in nats, `[...]`."""

    def kl(self, inputs_p: Tensor, inputs_q: Tensor, mask: Tensor | None = None) -> Tensor:
        """The divergence KL(p || q) in nats, `[...]`."""

    def sample(self, inputs: Array, mask: Bools | None, keys: Keys) -> tuple[Array, Floats]:
        """An action per key, and its log-probability: `float32[K, D], uint64[K] -> [K, ...], float64[K]`."""

    def mode(self, inputs: Array, mask: Bools | None) -> Array:
        """The most probable action (of a normal distribution, its mean): `float32[K, D] -> [K, ...]`."""

    def probabilities(self, inputs: Array, mask: Bools | None) -> Floats:
        """The probability of each action, `float64[K, A]`; UserError where actions cannot be listed."""
