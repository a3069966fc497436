"""Networks that judge positions: the mover's probabilities, and what the mover may expect."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from marl.env import Rows, Searchable
from marl.errors import UserError
from marl.space import Tree
from marl.training.networks import Network, NetworkPolicy, module_ids
from marl.training.networks.tensors import finite, numpy, tensors
from marl.types import Array, Floats, Keys
from marl_search.evaluator import Judged
from marl_search.game import Facts


class ZeroSum(Facts):
    """What AlphaZero has to know of a game: two sides, one of which wins what the other loses, that see alike."""

    def __post_init__(self) -> None:
        super().__post_init__()
        spec, who = self.spec, self.who
        if len(spec.sides) != 2 or not spec.zero_sum:
            raise UserError(f"{who} is for two sides of which one wins what the other loses; search/mcts is for more")
        if len(spec.groups) != 1:
            raise UserError(f"{who} has one network for all, and here are groups with spaces of their own")
        if isinstance(spec.groups[0].observation, Tree):
            raise UserError(
                f"{who} keeps what is seen as one array, and here it is a tree: {spec.groups[0].observation}"
            )


class NetworkJudge:
    """Positions are worth what a network says of them. `networks`: those of `module_ids(spec, "all")`.

    The network's value is squashed by tanh: it is the mover's return, from -1 to 1.
    """

    def __init__(self, facts: Facts, networks: Mapping[str, Network]) -> None:
        self.facts = facts
        self.network = networks[module_ids(facts.spec, "all")[0]]
        self._policy = NetworkPolicy(facts.spec, networks, "all")
        if self.network.memory_size:
            raise UserError(f"{facts.who} judges positions by themselves: model.kind must not have a memory")

    def judge(self, matches: Searchable, rows: Rows, keys: Keys) -> Judged:
        """See `Evaluator`."""
        priors, value = self.opinion(rows)
        side = self.facts.spec.side_of[rows.agent]
        values = np.repeat(-value[:, None], 2, axis=1)
        values[np.arange(len(rows)), side] = value
        return Judged(values, priors)

    @torch.inference_mode()
    def opinion(self, rows: Rows) -> tuple[Array, Floats]:
        """Probabilities of the mover's actions `float32[K, A]`, 0 where illegal, and its value `float64[K]`."""
        seen = self._policy.seen(rows.observation, rows.agent)
        out = self.network(tensors(seen, self.network.device), None, None)
        logits = finite(numpy(out.inputs))
        if rows.mask is not None:
            logits = np.where(rows.mask, logits, np.float32(-np.inf))
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        assert out.value is not None
        return weights, numpy(out.value.tanh()).astype(np.float64)
