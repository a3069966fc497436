"""Neural fictitious self-play: everybody learns a best response to everybody's average play, and its own average.

In fictitious play whoever answers best what the others have played on average so far comes, on average, to an
equilibrium of a two-player zero-sum game. Here the answer is a deep Q-network, and the average is a second network,
fitted to what the first one has played ever since the start:

    values     0.5 (Q(s, a) - (r + discount * max Q'(s', .)))^2    on recent turns of anybody (a replay)
    average    -log P(a | s)                                       on turns of best responses alone (a reservoir)

Matches are played by a mixture: in a share eta of its matches an agent plays its best response, epsilon-greedily, else
its average policy. So best responses answer what is nearly the average, and still play for it (anticipatory dynamics).

Source: Heinrich and Silver, "Deep reinforcement learning from self-play in imperfect-information games",
arXiv:1603.01121, 2016. Unlike there, networks duel, targets follow at every step, and steps are Adam's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import nn

from marl.algorithm import Services, Trained
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import Job
from marl.space import Discrete
from marl.training.algorithm import Engine, RLlibAlgorithm
from marl.training.learner import ColumnLearner, Stats, Tensors
from marl.training.making import compute
from marl.training.networks import Heads, Network
from marl.training.update import Local
from marl_nash.nfsp_memory import NFSPMemory
from marl_nash.nfsp_player import NFSPPlayer
from marl_nash.params import NFSPParams

_BEST = "best"


class NFSPLearner(ColumnLearner):
    """Both losses in one; no gradient of one reaches the network of the other."""

    hyper: NFSPParams

    def make_critics(self, module_id: str, network: Network) -> dict[str, nn.Module]:
        """The best response: a network of the same shape that values actions, and sees what the other sees."""
        config = replace(network.config, normalise_observations=False, normalise_returns=False)
        best = Network(network.observation, network.action, config, Heads("duelling", start="uniform"))
        best.normaliser = network.normaliser
        return {_BEST: best}

    def best(self, module_id: str) -> Network:
        """The best response of a module."""
        return cast(Network, self.critics[module_id][_BEST])

    def loss(
        self, module_id: str, batch: Tensors, inputs: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, Stats]:
        """All columns `[K]`, see `NFSPMemory`; `inputs` `[K, A]` are the average policy's at its own turns."""
        best, later = self.best(module_id), self._later(module_id, batch)
        target = batch["reward"] + batch["discount"] * later.max(1).values
        known = best(batch["answer_observation"]).inputs.gather(1, batch["answer_action"].long()[:, None])[:, 0]
        error = known - target
        self.say(error.abs())
        value_loss = 0.5 * (batch["weight"] * error.square()).mean()
        average_loss = -self.distribution(module_id).logp(inputs, batch["action"]).mean()
        return value_loss + average_loss, {
            "value_loss": value_loss.detach(),
            "average_loss": average_loss.detach(),
            "q": known.detach().mean(),
            "entropy": self.distribution(module_id).entropy(inputs).mean().detach(),
        }

    def stepped(self, module_id: str) -> None:
        """The target network follows."""
        self.follow(module_id, self.hyper.target_rate, _BEST)

    @torch.no_grad()
    def _later(self, module_id: str, batch: Tensors) -> torch.Tensor:
        """What the target network says of the actions at the turns that follow, `[K, A]`."""
        seen = batch["next_observation"], batch.get("next_mask")
        said = torch.func.functional_call(self.best(module_id), self.target(module_id, _BEST), seen)
        return cast(torch.Tensor, said.inputs)


class NFSP(RLlibAlgorithm):
    """See `NFSPParams`. Its snapshots play the average policy; its checkpoints hold both networks and both memories."""

    parameters = NFSPParams
    learner = NFSPLearner
    experience = NFSPMemory
    heads = Heads(value=False)
    hyper: NFSPParams

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """See `RLlibAlgorithm`; best responses are the best of some actions, told from what is seen now."""
        super().check_job(job, spec)
        for group in spec.groups:
            if not isinstance(group.action, Discrete):
                raise UserError(
                    f"{job.algorithm} values each action of a list, and those of group {group.name!r} are "
                    f"{group.action}: nash/nash_pg can learn them"
                )
            kind = self.hyper.models.get(group.name, self.hyper.model)
            if kind.recurrent:
                raise UserError(
                    f"model.kind: {kind.kind} has a memory, and {job.algorithm} learns from single turns; mlp and cnn "
                    "are right"
                )

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`."""
        self.check_job(job, services.spec)
        if compute(services).backend == "ray":
            raise UserError(
                f"{job.algorithm} plays two networks of each agent, of which only one travels to samplers: leave out "
                "compute.backend: ray"
            )
        return super().train(job, services)

    def engine(self, job: Job, services: Services) -> Engine:
        """See `RLlibAlgorithm`; what gathers there plays both networks."""
        engine, hyper = super().engine(job, services), self.hyper
        backend = engine.backend
        assert isinstance(backend, Local), "see train"
        if not isinstance(backend.policy, NFSPPlayer):
            learner = cast(NFSPLearner, backend.learner)
            best = {name: learner.best(name) for name in learner.names}
            backend.policy = NFSPPlayer(engine.spec, backend.policy.networks, best, hyper.sharing, hyper.eta)
        return engine
