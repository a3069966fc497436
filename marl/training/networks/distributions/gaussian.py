"""Real actions: a normal distribution per entry, cut off at the bounds of the box.

An environment takes an action outside its box for a fault, so actions are clipped to the bounds. The log-probability
is that of the *clipped* action: the density inside, and at a bound the log of all the mass beyond it. So what the
environment got is all that a learner needs, and its gradient is unbiased, with less variance than that of the
unclipped density (Fujita and Maeda, "Clipped action policy gradient", ICML 2018). See docs/decisions.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from marl import rng
from marl.errors import UserError
from marl.space import LIMIT, Box
from marl.types import Array, Bools, Floats, Keys

_HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


class Gaussian:
    """Independent normals. Inputs are D means and D log standard deviations, the latter free of what is seen.

    Both are in units of the box: -1 and 1 are its bounds. A box that lacks a bound is in its own units, and in one of a
    single value nothing is left to chance. `entropy` and `kl` are those of the normals before clipping, which bound the
    clipped ones' from above. Masks do not apply.
    """

    def __init__(self, box: Box) -> None:
        self.box, self.size = box, int(np.prod(box.shape))
        self.outputs = self.free = self.size
        low, high = (float(np.asarray(bound, dtype=box.dtype)) for bound in (box.low, box.high))
        self._low, self._high = (low if low >= -LIMIT else -math.inf), (high if high <= LIMIT else math.inf)
        low, high, self._chance = self._low, self._high, 0.0 if low == high else 1.0
        self._centre, self._scale = ((low + high) / 2, (high - low) / 2) if box.bounded else (0.0, 1.0)
        self._scale = self._scale or 1.0
        self._from, self._to = ((bound - self._centre) / self._scale for bound in (low, high))

    def masked(self, inputs: Tensor, mask: Tensor | None) -> Tensor:
        """See `Distribution.masked`."""
        return inputs

    def logp(self, inputs: Tensor, action: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.logp`."""
        mean, log_std = torch.split(inputs, self.size, -1)
        action = action.reshape(mean.shape)
        std = log_std.exp()
        z = ((action - self._centre) / self._scale - mean) / std
        logp = -0.5 * z * z - log_std - (_HALF_LOG_2_PI + math.log(self._scale))
        if math.isfinite(self._low):
            logp = torch.where(action <= self._low, torch.special.log_ndtr((self._from - mean) / std), logp)
        if math.isfinite(self._high):
            logp = torch.where(action >= self._high, torch.special.log_ndtr((mean - self._to) / std), logp)
        return logp.sum(-1) * self._chance

    def entropy(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.entropy`."""
        log_std = inputs[..., self.size :]
        return (log_std + (0.5 + _HALF_LOG_2_PI + math.log(self._scale))).sum(-1) * self._chance

    def kl(self, inputs_p: Tensor, inputs_q: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.kl`."""
        (mean_p, log_p), (mean_q, log_q) = (torch.split(inputs, self.size, -1) for inputs in (inputs_p, inputs_q))
        spread = (2 * (log_p - log_q)).exp() + ((mean_p - mean_q) / log_q.exp()) ** 2
        return (log_q - log_p + 0.5 * (spread - 1)).sum(-1) * self._chance

    def sample(self, inputs: Array, mask: Bools | None, keys: Keys) -> tuple[Array, Floats]:
        """See `Distribution.sample`."""
        from scipy.special import log_ndtr  # most actions are discrete, and importing scipy takes a second

        mean, log_std = np.split(inputs.astype(np.float64), 2, axis=1)
        std = np.exp(log_std)
        z = np.stack([rng.normal(keys, entry) for entry in range(self.size)], axis=1)
        wanted = self._centre + self._scale * (mean + std * z)
        action = wanted.astype(self.box.dtype).clip(self._low, self._high)
        logp = -0.5 * z * z - log_std - (_HALF_LOG_2_PI + math.log(self._scale))
        if math.isfinite(self._low):
            logp = np.where(action <= self._low, log_ndtr((self._from - mean) / std), logp)
        if math.isfinite(self._high):
            logp = np.where(action >= self._high, log_ndtr((mean - self._to) / std), logp)
        return action.reshape(len(keys), *self.box.shape), logp.sum(axis=1) * self._chance

    def mode(self, inputs: Array, mask: Bools | None) -> Array:
        """See `Distribution.mode`."""
        wanted = self._centre + self._scale * inputs[:, : self.size].astype(np.float64)
        return wanted.astype(self.box.dtype).clip(self._low, self._high).reshape(-1, *self.box.shape)

    def probabilities(self, inputs: Array, mask: Bools | None) -> Floats:
        """See `Distribution.probabilities`."""
        raise UserError(f"only Discrete actions have a table of probabilities, and these are {self.box}")
