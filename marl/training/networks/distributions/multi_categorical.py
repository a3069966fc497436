"""Several independent choices."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from marl.errors import UserError
from marl.training.networks.distributions.categorical import ILLEGAL, Categorical
from marl.training.networks.distributions.sampling import draw
from marl.types import Array, Bools, Floats, Keys


class MultiCategorical:
    """A softmax for each choice, logits and masks `[..., sum(nvec)]` side by side. Actions are integers `[..., M]`."""

    free = 0

    def __init__(self, nvec: tuple[int, ...]) -> None:
        self.nvec = list(nvec)
        self.outputs = sum(nvec)
        self._choices = [Categorical(n) for n in nvec]
        self._stops = np.cumsum(nvec).tolist()

    def masked(self, inputs: Tensor, mask: Tensor | None) -> Tensor:
        """See `Distribution.masked`."""
        return inputs if mask is None else inputs.masked_fill(~mask, ILLEGAL)

    def logp(self, inputs: Tensor, action: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.logp`."""
        parts = zip(self._choices, self._split(inputs, mask), action.unbind(-1), strict=True)
        return torch.stack([choice.logp(logits, index) for choice, logits, index in parts]).sum(0)

    def entropy(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.entropy`."""
        parts = zip(self._choices, self._split(inputs, mask), strict=True)
        return torch.stack([choice.entropy(logits) for choice, logits in parts]).sum(0)

    def kl(self, inputs_p: Tensor, inputs_q: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.kl`."""
        parts = zip(self._choices, self._split(inputs_p, mask), self._split(inputs_q, mask), strict=True)
        return torch.stack([choice.kl(p, q) for choice, p, q in parts]).sum(0)

    def sample(self, inputs: Array, mask: Bools | None, keys: Keys) -> tuple[Array, Floats]:
        """See `Distribution.sample`."""
        action = np.empty((len(keys), len(self.nvec)), dtype=np.int64)
        total = np.zeros(len(keys))
        for index, (n, stop) in enumerate(zip(self.nvec, self._stops, strict=True)):
            part = slice(stop - n, stop)
            action[:, index], logp = draw(inputs[:, part], None if mask is None else mask[:, part], keys, index)
            total += logp
        return action, total

    def mode(self, inputs: Array, mask: Bools | None) -> Array:
        """See `Distribution.mode`."""
        allowed = inputs if mask is None else np.where(mask, inputs, -np.inf)
        return np.stack([part.argmax(axis=1) for part in np.split(allowed, self._stops[:-1], axis=1)], axis=1)

    def probabilities(self, inputs: Array, mask: Bools | None) -> Floats:
        """See `Distribution.probabilities`."""
        raise UserError(f"only Discrete actions have a table of probabilities, and these are {len(self.nvec)} choices")

    def _split(self, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, ...]:
        return torch.split(self.masked(inputs, mask), self.nvec, -1)
