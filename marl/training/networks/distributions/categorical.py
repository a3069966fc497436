"""One choice out of n."""

from __future__ import annotations

import numpy as np
from torch import Tensor, log_softmax

from marl.training.networks.distributions.sampling import draw, softmax
from marl.types import Array, Bools, Floats, Keys

ILLEGAL = -1e9  # not -inf: 0 * -inf is NaN, and 0 * -1e9 is the 0 that entropies need


class Categorical:
    """A softmax over n logits. Actions are integers `[...]`, masks `bool[..., n]`."""

    free = 0

    def __init__(self, n: int) -> None:
        self.outputs = n

    def masked(self, inputs: Tensor, mask: Tensor | None) -> Tensor:
        """See `Distribution.masked`."""
        return inputs if mask is None else inputs.masked_fill(~mask, ILLEGAL)

    def logp(self, inputs: Tensor, action: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.logp`."""
        return log_softmax(self.masked(inputs, mask), -1).gather(-1, action.long()[..., None])[..., 0]

    def entropy(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.entropy`."""
        logp = log_softmax(self.masked(inputs, mask), -1)
        return -(logp.exp() * logp).sum(-1)

    def kl(self, inputs_p: Tensor, inputs_q: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.kl`."""
        p, q = (log_softmax(self.masked(inputs, mask), -1) for inputs in (inputs_p, inputs_q))
        return (p.exp() * (p - q)).sum(-1)

    def sample(self, inputs: Array, mask: Bools | None, keys: Keys) -> tuple[Array, Floats]:
        """See `Distribution.sample`."""
        return draw(inputs, mask, keys, 0)

    def mode(self, inputs: Array, mask: Bools | None) -> Array:
        """See `Distribution.mode`."""
        return np.asarray((inputs if mask is None else np.where(mask, inputs, -np.inf)).argmax(axis=1))

    def probabilities(self, inputs: Array, mask: Bools | None) -> Floats:
        """See `Distribution.probabilities`."""
        return softmax(inputs, mask)
