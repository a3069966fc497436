"""IQL: each agent learns by itself what the whole team earns, as if the others were a part of the world.

The next value of an agent is that of its own next turn, and everything that the team earns until then counts, as does
what it earns after the agent's last turn. Source: Tan, "Multi-agent reinforcement learning: independent vs.
cooperative agents", ICML 1993; with deep networks, Tampuu et al., "Multiagent cooperation and competition with deep
reinforcement learning", 2017.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from marl.training.learner import Stats, Tensors
from marl.training.returns import Steps, returns
from marl_values.learner import ValueDecomposition, ValuesLearner, played
from marl_values.params import IQLParams


class IQLLearner(ValuesLearner):
    """Each agent's own squared error, at its own turns."""

    hyper: IQLParams

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """The mean over own turns of all agents. See `TeamLearner` for the columns."""
        choice, following = played(batch, inputs), self.following(module_id, batch, inputs)
        everyone = following.acts.transpose(1, 2)  # [E, n, T]
        on = F.pad(batch["valid"], (0, 1))[:, None, 1:].expand_as(everyone)
        reward, discount = (batch[key][:, None].expand(everyone.shape) for key in ("reward", "discount"))
        steps = Steps(reward, discount, following.values.transpose(1, 2), everyone, on)
        target = returns(steps, self.hyper.n_step, self.hyper.trace).transpose(1, 2)
        turns = choice.acts & batch["valid"][..., None]
        known = choice.values[turns]
        error = known - target[turns]
        return error.square().mean(), {"q": known.detach().mean(), "error": error.detach().abs().mean()}


class IQL(ValueDecomposition):
    """See `IQLParams`."""

    parameters = IQLParams
    learner = IQLLearner
