"""A value for each term of the reward: advantages that are the weighted sum of those of all.

The value of a sum is the sum of the values, and so are advantages, whatever a term weighs now. So values are of terms
before they are weighted: a weight that changes (a schedule, a constraint) changes advantages at once, and no value.
Each term may have a discount of its own; then the sum is that of returns over several horizons.
Sources: van Seijen et al., "Hybrid reward architecture for reinforcement learning", NeurIPS 2017 (arXiv:1706.04208);
Fatemi, Tavakoli, "Orchestrated value mapping for reinforcement learning", ICLR 2022 (arXiv:2203.07171), with the
identity as the mapping; two values with two discounts as in Burda et al. (RND), ICLR 2019 (arXiv:1810.12894).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from marl.errors import UserError, suggestion
from marl.reward import LOGGED
from marl.training.experience.on_policy import Advantages, OnPolicy, explained, generalised_advantages
from marl.training.hyper import ActorCriticHyper, Hyper
from marl.trajectory import Trajectory
from marl.types import Floats


class PerChannel(OnPolicy):
    """See `OnPolicy`. Values and targets are `[K, C]`, of the C terms of the reward; advantages are of their sum."""

    def advantages(self, window: Trajectory, last_value: Floats) -> Advantages:
        """GAE of every term by itself, and their weighted sum. `last_value`: `float64[M, C]`."""
        each_discount = discounts(self._hyper, window.terms)
        each = [
            generalised_advantages(
                replace(window, reward=term.paid, value=window.value[:, place]),
                last_value[:, place],
                each_discount[place],
                self._hyper.trace,
            )
            for place, term in enumerate(window.terms.values())
        ]
        advantage = np.stack([one.advantage for one in each], axis=1) @ weights(window)
        return Advantages(advantage, np.stack([one.target for one in each], axis=1))

    def fit_of_values(self, windows: Sequence[Trajectory], estimates: Sequence[Advantages]) -> dict[str, float]:
        """How much of the targets' variance the values explain: of their weighted sum, and of each term."""
        target = np.concatenate([estimate.target for estimate in estimates])
        error = target - np.concatenate([window.value for window in windows])
        weight, names = weights(windows[0]), list(windows[0].terms)
        each = {
            f"{LOGGED}{name}.explained_variance": explained(error[:, place], target[:, place])
            for place, name in enumerate(names)
        }
        return {"explained_variance": explained(error @ weight, target @ weight), **each}


def discounts(hyper: Hyper, terms: Collection[str]) -> Floats:
    """What each of C terms is discounted by, `float64[C]`. Raises UserError for the discount of what is no term."""
    known = hyper.discounts if isinstance(hyper, ActorCriticHyper) else {}
    for name in known:
        if name not in terms:
            raise UserError(
                f"algorithm.discounts: nothing that is summed up is called {name!r}{suggestion(name, list(terms))}"
            )
    return np.array([known.get(name, hyper.discount) for name in terms])


def paid(window: Trajectory) -> Floats:
    """What the terms of a window pay before they are weighted, `float64[K, C]`."""
    return np.stack([term.paid for term in window.terms.values()], axis=1)


def weights(window: Trajectory) -> Floats:
    """What the terms weigh, `float64[C]`."""
    return np.array([term.weight for term in window.terms.values()])
