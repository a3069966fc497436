"""Real actions between bounds: a normal distribution per entry, squashed by tanh.

Unlike `Gaussian`, the deviations follow from what is seen, and no action lies on a bound, so that densities are smooth:
what a policy needs whose gradient goes through its actions.

Source: Haarnoja et al., "Soft actor-critic: off-policy maximum entropy deep reinforcement learning with a stochastic
actor", ICML 2018, appendix C.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from marl import rng
from marl.errors import UserError
from marl.space import Box
from marl.types import Array, Bools, Floats, Keys

_HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)
_LOW, _HIGH = -5.0, 2.0  # of the logarithm of a deviation
_INSIDE = 1 - 1e-6  # the furthest from the middle that an action may be, in half widths of the box


class Squashed:
    """Inputs are D means and D numbers that tell the log deviations, before squashing. `kl` is that of the normals, and
    `entropy` has no formula. Masks do not apply.

    Raises UserError for a box without bounds.
    """

    free = 0

    def __init__(self, box: Box) -> None:
        if not box.bounded:
            raise UserError(f"squashed actions need a box with bounds, and this one is {box}; rllib/ppo needs none")
        self.box, self.size = box, int(np.prod(box.shape))
        self.outputs = 2 * self.size
        low, high = float(box.low), float(box.high)
        self.centre, self.scale = (low + high) / 2, (high - low) / 2 or 1.0
        self._units = self.size * math.log(self.scale)  # between densities of the environment's actions and of units

    def masked(self, inputs: Tensor, mask: Tensor | None) -> Tensor:
        """See `Distribution.masked`."""
        return inputs

    def normal(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log deviations before squashing, `[..., D]` each; the latter smoothly between -5 and 2."""
        mean, spread = torch.split(inputs, self.size, -1)
        return mean, _LOW + 0.5 * (_HIGH - _LOW) * (torch.tanh(spread) + 1)

    def draw(self, inputs: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Actions `[..., D]` that gradients go through, and their log-densities `[...]`.

        Both are in units of the box: -1 and 1 are its bounds. `noise`: standard normal numbers `[..., D]`.
        """
        mean, log_std = self.normal(inputs)
        raw = mean + log_std.exp() * noise
        logp = -0.5 * noise * noise - log_std - _HALF_LOG_2_PI - _slope(raw)
        return torch.tanh(raw), logp.sum(-1)

    def units(self, action: Tensor) -> Tensor:
        """Actions of the environment in units of the box, `[..., D]`."""
        return (action.flatten(action.dim() - len(self.box.shape)).float() - self.centre) / self.scale

    def logp(self, inputs: Tensor, action: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.logp`."""
        mean, log_std = self.normal(inputs)
        raw = torch.atanh(self.units(action).clamp(-_INSIDE, _INSIDE))
        z = (raw - mean) / log_std.exp()
        return (-0.5 * z * z - log_std - _HALF_LOG_2_PI - _slope(raw)).sum(-1) - self._units

    def entropy(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.entropy`."""
        raise UserError("squashed actions have no formula for their entropy: take the mean of -logp over draws")

    def kl(self, inputs_p: Tensor, inputs_q: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Distribution.kl`."""
        (mean_p, log_p), (mean_q, log_q) = self.normal(inputs_p), self.normal(inputs_q)
        spread = (2 * (log_p - log_q)).exp() + ((mean_p - mean_q) / log_q.exp()) ** 2
        return (log_q - log_p + 0.5 * (spread - 1)).sum(-1)

    def sample(self, inputs: Array, mask: Bools | None, keys: Keys) -> tuple[Array, Floats]:
        """See `Distribution.sample`."""
        noise = torch.from_numpy(np.stack([rng.normal(keys, entry) for entry in range(self.size)], axis=1))
        action, logp = self.draw(torch.from_numpy(np.asarray(inputs, dtype=np.float64)), noise)
        return self._environment(action.numpy()), np.asarray(logp.numpy()) - self._units

    def mode(self, inputs: Array, mask: Bools | None) -> Array:
        """The squashed means: the median action."""
        return self._environment(np.tanh(inputs[:, : self.size].astype(np.float64)))

    def probabilities(self, inputs: Array, mask: Bools | None) -> Floats:
        """See `Distribution.probabilities`."""
        raise UserError(f"only Discrete actions have a table of probabilities, and these are {self.box}")

    def _environment(self, units: Array) -> Array:
        action = (self.centre + self.scale * units).astype(self.box.dtype).clip(self.box.low, self.box.high)
        return np.asarray(action.reshape(-1, *self.box.shape))


def _slope(raw: Tensor) -> Tensor:
    """The log of how fast tanh rises there."""
    return 2 * (math.log(2) - raw - F.softplus(-2 * raw))
