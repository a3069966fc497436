"""Rules by which a simulation chooses an action. Another one is a class with `scores`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.types import Array, Ints
from marl_search.trees import Trees

_UNTRIED = np.float32(1e6)


@dataclass(frozen=True)
class UCT:
    """Upper confidence bounds for trees: every action once, in random order, then mean and bonus.

    Source: Kocsis and Szepesvari, "Bandit based Monte-Carlo planning", ECML 2006.
    """

    exploration: float

    def scores(self, trees: Trees, node: Ints) -> Array:
        """Mean plus exploration times the root of ln(visits of the node) / visits of the action, `float32[K, A]`."""
        visits = trees.visits.take(node, axis=0)
        tried = np.maximum(visits, 1)
        bonus = np.sqrt(np.log1p(visits.sum(axis=1, keepdims=True)) / tried)
        scores = trees.total.take(node, axis=0) / tried + np.float32(self.exploration) * bonus
        scores = np.where(visits > 0, scores, _UNTRIED + trees.tie.take(node, axis=0))
        proven = trees.proven.take(node, axis=0)
        return np.where(np.isnan(proven), scores, proven)


@dataclass(frozen=True)
class PUCT:
    """Mean plus a bonus in proportion to the prior probability, which falls with visits.

    An action that was never tried counts as a draw. Source: Silver et al., "A general reinforcement learning algorithm
    that masters chess, shogi, and Go through self-play", Science 2018.
    """

    exploration: float = 1.25
    growth: float = 19652.0

    def scores(self, trees: Trees, node: Ints) -> Array:
        """`float32[K, A]`."""
        visits = trees.visits.take(node, axis=0)
        count = visits.sum(axis=1, keepdims=True)
        rate = np.log((1 + self.growth + count) / self.growth, dtype=np.float32) + np.float32(self.exploration)
        scores = trees.total.take(node, axis=0) / np.maximum(visits, 1)
        scores += trees.prior.take(node, axis=0) * (rate * np.sqrt(np.maximum(count, 1))) / (1 + visits)
        proven = trees.proven.take(node, axis=0)
        return np.where(np.isnan(proven), scores, proven)
