"""Context-aware Bayesian-network actor-critic: MAPPO whose agents go by what others have chosen, while they learn.

Edges of the network are removed as training goes on, so that agents act by what each sees itself in the end; what they
have agreed upon by then stays. Source: Chen and Zhang, "Context-aware Bayesian network actor-critic methods for
cooperative multi-agent reinforcement learning", ICML 2023. See `bayesian` for the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor

from marl.training.learner import Stats, Tensors
from marl.training.networks import Heads
from marl.training.networks.heads import TeamPart
from marl.training.together import TogetherLearner
from marl_ctde.algorithm import CentralCritic
from marl_ctde.bayesian import BayesianNetwork, Graph
from marl_ctde.mappo import MAPPOLearner
from marl_ctde.params import BNACParams

_MOST = 4  # agents of a team whose edges are reported one by one


class BNACLearner(TogetherLearner, MAPPOLearner):
    """MAPPO's losses of choices given those that they go by, and what edges cost."""

    hyper: BNACParams

    def policy_loss(self, team: str, batch: Tensors, inputs: Tensor, advantage: Tensor) -> tuple[Tensor, Stats]:
        """The clipped objective, and the mean number of probable edges."""
        loss, told = super().policy_loss(team, batch, inputs, advantage)
        graph = cast(Graph, self.looked[team])
        steps = batch["acts"].any(2).flatten() & torch.nn.functional.pad(batch["valid"], (0, 1)).flatten()
        edges = (graph.edges.detach() > 0)[steps].float()
        cost = graph.soft[steps].sum((1, 2)).mean()
        if edges.shape[1] <= _MOST:
            for parent in range(edges.shape[1]):
                for child in range(edges.shape[1]):
                    if parent != child:
                        told[f"edge_{parent}_to_{child}"] = edges[:, child, parent].mean()
        return loss + self.hyper.edge_cost * cost, {**told, "edges": edges.sum((1, 2)).mean()}

    def fitted(self, module_id: str, stats: Mapping[str, float]) -> None:
        """Who plays from now on has so many edges left."""
        super().fitted(module_id, stats)
        model = cast(BayesianNetwork, self.together(module_id).model)
        model.left.fill_(self.coefficients["edges_left"])


class BNAC(CentralCritic):
    """See `BNACParams`."""

    parameters = BNACParams
    learner = BNACLearner
    heads = Heads(value=False, team=TeamPart("ctde/bayesian_network"))
