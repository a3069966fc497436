"""A softmax of which no legal action ever falls below a certain probability, and it falls over the horizon.

Source: Foerster et al., "Counterfactual multi-agent policy gradients", AAAI 2018, section 5 (architecture and
training): `P(u) = (1 - epsilon) softmax(z)_u + epsilon / |U|`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor

from marl import rng
from marl.training.behaviour import Drawn
from marl.training.networks.distributions.sampling import softmax
from marl.types import Array, Bools, Floats, Keys

_ILLEGAL = -1e8  # what masks forbid is at -1e9


class BoundedSoftmax:
    """A `Behaviour`, by the coefficient `epsilon`. Discrete actions."""

    def sample(
        self, distribution: Drawn, inputs: Array, mask: Bools | None, keys: Keys, coefficients: Mapping[str, float]
    ) -> tuple[Array, Floats]:
        """See `Behaviour`."""
        legal = np.ones(inputs.shape, dtype=np.bool_) if mask is None else mask
        epsilon = coefficients["epsilon"]
        chances = (1 - epsilon) * softmax(inputs, mask) + epsilon * legal / legal.sum(axis=1, keepdims=True)
        action = rng.choose(keys, chances, 0)
        return action, np.log(chances[np.arange(len(action)), action])


def bounded(inputs: Tensor, epsilon: float) -> Tensor:
    """The probabilities of such policies, `[..., A] -> [..., A]`; illegal actions have -1e9 and get 0."""
    legal = inputs > _ILLEGAL
    return (1 - epsilon) * inputs.softmax(-1) + epsilon * legal / legal.sum(-1, keepdim=True)
