"""Mean-field Q-learning: values of an agent's actions given the mean of what its neighbours do, and a Boltzmann policy.

One network serves all agents. With `a` an agent's action, `m` the mean action of its neighbours at the same tick, and
`pi` the softmax of the values at the temperature of now, given the mean action of the tick before:

    Q(s, a, m)  <-  r + discount * v(s'),     v(s') = sum over a' of pi(a' | s', m) Q_target(s', a', m)

`m` is known once everybody has acted: it stands in the observation that follows. So what is valued is the observation
with this mean action in place of the one it was chosen by.

Without mean actions (`model: {kind: manyagent/independent}`) it is independent Q-learning with Boltzmann policies.

Source: Yang et al., "Mean field multi-agent reinforcement learning", ICML 2018, section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor

from marl.algorithm import Services, Trained
from marl.job import Job
from marl.training.algorithm import RLlibAlgorithm
from marl.training.experience.replay import Replay
from marl.training.learner import ColumnLearner, Stats, Tensors
from marl.training.networks import Heads
from marl_manyagent.boltzmann import Boltzmann
from marl_manyagent.neighbours import MEAN, check_shown, with_mean
from marl_manyagent.params import MFQParams


class MFQLearner(ColumnLearner):
    """Half the square of the error of the values of what was played. The networks say values over `temperature_end`."""

    hyper: MFQParams

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """Observations with the mean action of the same tick, unless that of the tick before is valued."""
        if self.hyper.mean == "before":
            return {}
        return {"observation": with_mean(columns["observation"], columns["next_observation"][MEAN])}

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """All columns `[K]`; `inputs` `[K, A]`."""
        unit = self.hyper.temperature_end
        with torch.no_grad():
            later = self.inputs(
                module_id,
                {"observation": batch["next_observation"], "mask": batch.get("next_mask")},
                self.target(module_id),
            )
            policy = (later / self.coefficients["heat"]).softmax(1)
            target = batch["reward"] + batch["discount"] * unit * (policy * later).sum(1)
        known = unit * inputs.gather(1, batch["action"].long()[:, None])[:, 0]
        error = known - target
        self.say(error.abs())
        loss = 0.5 * (batch["weight"] * error.square()).mean()
        return loss, {"q": known.detach().mean(), "error": error.detach().abs().mean()}

    def stepped(self, module_id: str) -> None:
        """The target network follows."""
        self.follow(module_id, self.hyper.target_rate)


class MFQ(RLlibAlgorithm):
    """See `MFQParams`."""

    parameters = MFQParams
    learner = MFQLearner
    experience = Replay
    behaviour = Boltzmann
    heads = Heads("logits", value=False)  # whose start is the same for networks of plugins: `independent` is one

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`. Raises UserError where the environment shows no mean actions."""
        check_shown(services.spec, "manyagent/mfq")
        return super().train(job, services)
