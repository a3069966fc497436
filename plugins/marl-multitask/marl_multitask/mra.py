"""MRA, meta representations for agents: a set of policies that plays a game at any number of agents.

PPO, with three things besides. The mode that an agent plays in a match is a choice of its own, made by chances that
follow from the number of agents: what was earned teaches these, too. Modes are kept apart by the information that an
action gives about the mode, I(z; a | o), which the relations make greater, and they alone: what modes share is learned
from returns. (A constraint, that policies be good in every game, is approximated so, in steps of both kinds.) And a
policy set adapts to a number of agents that it has not met by a few gradient steps, without second derivatives:
`start_from` a run, with that size.

Source: Zhang, Shen and Han, "Learning meta representations for agents in multi-agent reinforcement learning", 2021, by
its abstract and the authors' code (its equations could not be read). There the information is estimated from draws of z
and its gradient alone moves the relations, a critic of joint actions takes the place of PPO, and chances of modes are
learned by a classifier of games. Here the information is exact, relations learn from returns as well, and so do
chances.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.func import functional_call

from marl.errors import UserError
from marl.space import Discrete
from marl.training.algorithm import RLlibAlgorithm
from marl.training.learner import Stats, Tensors
from marl.training.networks import Network
from marl.training.networks.features import map_tensors
from marl_multitask.params import MRAParams
from marl_multitask.population import SIZE
from marl_multitask.relations import RELATIONS, RelationsEncoder, named
from marl_rllib.ppo import PPOLearner


class MRALearner(PPOLearner):
    """See above."""

    hyper: MRAParams

    def build(self) -> None:
        """See `ColumnLearner`. Raises UserError for networks without modes."""
        super().build()
        for name in self.names:
            network = self.network(name)
            if not isinstance(network.encoder, RelationsEncoder) or network.normaliser is not None:
                kind = (
                    f"{network.config.kind} with normalise_observations" if network.normaliser else network.config.kind
                )
                raise UserError(f"multitask/mra learns networks of `model: {{kind: multitask/relations}}`, not {kind}")
            if not isinstance(network.action, Discrete):
                raise UserError(f"multitask/mra needs Discrete actions, and these are {network.action}; use rllib/ppo")

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """Observations `[K, ...]` that name the `mode` that was played, its log-probability, `drawn`, and its `gain`:
        how much more followed than modes are worth on average. (An advantage over the mode's own value says nothing of
        the mode.)"""
        seen, encoder = columns["observation"], self._encoder(module_id)
        with torch.no_grad():
            mode, chances = encoder.mode(seen), encoder.log_chances(seen[SIZE])
            values = [self.network(module_id)(named(seen, one)).value for one in range(encoder.modes)]
            gain = columns["target"] - (chances.exp() * torch.stack(values, 1)).sum(1)
        drawn = chances.gather(1, mode[:, None])[:, 0]
        return {"observation": named(seen, mode), "mode": mode, "drawn": drawn, "gain": gain}

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """PPO's, of actions and of modes, less what the information is worth."""
        loss, told = super().loss(module_id, batch, inputs, value)
        chances = self._encoder(module_id).log_chances(batch["observation"][SIZE])
        few = slice(None, None, chances.shape[1])  # as many forward passes as there are modes: of fewer rows each
        some = {key: map_tensors(lambda leaf: leaf[few], batch[key]) for key in ("observation", "mask") if key in batch}
        known = information(self.network(module_id), some["observation"], some.get("mask"), chances[few].detach())
        spread = -(chances.exp() * chances).sum(1).mean()
        loss = loss + self._modes_loss(chances, batch) - self.hyper.information * known
        loss = loss - self.coefficients["entropy_weight"] * spread
        return loss, {**told, "information": known.detach(), "mode_entropy": spread.detach()}

    def _modes_loss(self, chances: Tensor, batch: Tensors) -> Tensor:
        """PPO's clipped objective of the choice of a mode."""
        ratio = (chances.gather(1, batch["mode"][:, None])[:, 0] - batch["drawn"]).exp()
        gain = self.normalised(batch["gain"]) if self.hyper.normalise else batch["gain"]
        objective: Tensor = torch.min(ratio * gain, ratio.clamp(1 - self.hyper.clip, 1 + self.hyper.clip) * gain).mean()
        return -objective

    def _encoder(self, module_id: str) -> RelationsEncoder:
        return cast(RelationsEncoder, self.network(module_id).encoder)


def information(network: Network, seen: Tensors, mask: Tensor | None, chances: Tensor) -> Tensor:
    """I(z; a | o) in nats, a mean over rows; only the relations have a gradient. `chances`: logarithms, `[K, modes]`.

    The entropy of the mixture of all modes' policies, less the mean of their entropies.
    """
    frozen = {name: weight if RELATIONS in name else weight.detach() for name, weight in network.named_parameters()}
    said = [
        cast(Any, functional_call(network, frozen, (named(seen, mode), mask))).inputs.log_softmax(1)
        for mode in range(chances.shape[1])
    ]
    log = torch.stack(said, 1)  # [K, modes, A]
    mixture = (chances[..., None] + log).logsumexp(1)
    alone = (chances.exp() * _entropy(log)).sum(1)
    return (_entropy(mixture) - alone).mean()


def _entropy(log: Tensor) -> Tensor:
    return -(log.exp() * log).sum(-1)


class MRA(RLlibAlgorithm):
    """See `MRAParams`."""

    learner = MRALearner
    parameters = MRAParams
