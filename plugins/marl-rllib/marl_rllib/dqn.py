"""Deep Q-learning: values of actions, learned from a replay, of which the best is played.

The options are those of Rainbow that stand on their own: double Q-learning (on), duelling networks (on), prioritised
replay and returns of several turns. It explores by chance, or by parameter noise.

Sources: Mnih et al., "Human-level control through deep reinforcement learning", Nature 518 (2015); van Hasselt et al.,
"Deep reinforcement learning with double Q-learning", AAAI 2016; Wang et al., "Dueling network architectures for deep
reinforcement learning", ICML 2016; Hessel et al., "Rainbow", AAAI 2018.
"""

from __future__ import annotations

import torch

from marl import tree
from marl.training.algorithm import RLlibAlgorithm
from marl.training.behaviour import Behaviour
from marl.training.behaviour.epsilon_greedy import EpsilonGreedy
from marl.training.behaviour.parameter_noise import (
    ParameterNoise,
    adapted,
    distance,
    noise_of,
    perturbed,
    threshold,
    weights_of,
)
from marl.training.experience.replay import Replay
from marl.training.learner import ColumnLearner, Stats, Tensors
from marl.training.networks import Heads
from marl_rllib.params import DQNParams

_ASKED = 32  # rows of a draw, each with noise of its own, by which parameter noise is adapted


class DQNLearner(ColumnLearner):
    """Half the square of the error of the values of what was played.

    Huber's loss, which others use, is least at the mean only where all errors are below 1: what pays 10 in one match of
    five, and else nothing, would be worth 0.25 instead of 2. Large errors are held by `max_grad_norm`.
    """

    hyper: DQNParams

    def build(self) -> None:
        """See `ColumnLearner`."""
        self._noise: dict[str, Stats] = {}  # of the fit at hand, by module
        super().build()

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """With parameter noise: how far it leads from what would be played, and the noise of the next update."""
        if "noise" not in self.hyper.adapted:
            return {}
        network, scale = self.network(module_id), noise_of(module_id, self.coefficients)
        seen = ("observation", "mask")
        rows = {name: tree.map_tree(lambda leaf: leaf[:_ASKED], columns[name]) for name in seen if name in columns}
        values = self.inputs(module_id, rows)
        noise = self.normal(len(values), weights_of(network))
        others = network.distribution.masked(perturbed(network, rows["observation"], noise, scale), rows.get("mask"))
        away = self.mean_over_learners(distance(values, others))
        wanted = threshold(self.coefficients["epsilon"], values.shape[1])
        after = adapted(scale, float(away), wanted, self.hyper.noise_rate)
        self._noise[module_id] = {"next_noise": torch.tensor(after), "noise_distance": away}
        return {}

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`; `inputs` `[K, A]` are the values of the actions."""
        following = {"observation": batch["next_observation"], "mask": batch.get("next_mask")}
        later = self.inputs(module_id, following, self.target(module_id))
        best = (self.inputs(module_id, following) if self.hyper.double else later).argmax(1, keepdim=True)
        target = batch["reward"] + batch["discount"] * later.gather(1, best)[:, 0]
        known = inputs.gather(1, batch["action"].long()[:, None])[:, 0]
        error = known - target
        self.say(error.abs())
        loss = 0.5 * (batch["weight"] * error.square()).mean()
        told = {"q": known.detach().mean(), "error": error.detach().abs().mean()}
        return loss, {**told, **self._noise.get(module_id, {})}

    def stepped(self, module_id: str) -> None:
        """The target network follows."""
        self.follow(module_id, self.hyper.target_rate)


class DQN(RLlibAlgorithm):
    """See `DQNParams`."""

    parameters = DQNParams
    learner = DQNLearner
    experience = Replay
    data = "both"

    @property
    def behaviour(self) -> type[Behaviour]:  # type: ignore[override]
        """How it acts while it gathers."""
        return ParameterNoise if self.hyper.explore == "parameter_noise" else EpsilonGreedy

    @property
    def heads(self) -> Heads:  # type: ignore[override]
        """What its networks say."""
        return Heads("duelling" if self.hyper.duelling else "values", value=False, start="uniform")
