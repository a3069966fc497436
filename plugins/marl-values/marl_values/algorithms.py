"""Value decomposition: the value of what a team does is made of values of what each agent does, by what it sees.

So the team learns from what it earns together, and every agent acts alone, by its own greatest value. VDN adds the
agents' values up; QMIX mixes them by weights that depend on the true state, and are never negative. Targets are of
double Q-learning. Agents that have no turn (they died, or wait for others) count as 0.

Sources: Sunehag et al., "Value-decomposition networks for cooperative multi-agent learning", 2017; Rashid et al.,
"QMIX: Monotonic value function factorisation for deep multi-agent reinforcement learning", ICML 2018; van Hasselt et
al., "Deep reinforcement learning with double Q-learning", AAAI 2016.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from marl.algorithm import Services, Trained
from marl.job import Job
from marl.registry.ranges import at_least
from marl.training.algorithm import RLlibAlgorithm
from marl.training.behaviour.epsilon_greedy import EpsilonGreedy
from marl.training.experience.episodes import Episodes
from marl.training.hyper import EpisodesHyper, GreedyHyper, share
from marl.training.learner import Stats, Tensors
from marl.training.networks import Heads
from marl.training.team import TeamLearner
from marl_values.mixer import Mixer


@dataclass(kw_only=True)
class VDNParams(EpisodesHyper, GreedyHyper):
    """Hyper-parameters of VDN."""

    lr: float = 5e-4
    """Adam's learning rate."""
    double: bool = True
    """Whether the networks of now choose the next actions that the target networks value."""
    target_rate: float = 0.01
    """How far the target networks go towards those of now after every gradient step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        share(self, "target_rate")


@dataclass(kw_only=True)
class QMIXParams(VDNParams):
    """Hyper-parameters of QMIX."""

    mixer: int = 32
    """The width of the mixer's hidden layer."""
    hypernetwork: int = 64
    """The width of the networks that make the mixer's weights from the state; 0 makes them linear."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "mixer")
        at_least(self, 0, "hypernetwork")


class VDNLearner(TeamLearner):
    """The squared error of the value of what a team did."""

    hyper: VDNParams

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """`inputs` `[E, T + 1, n, A]` are the agents' values of actions; see `TeamLearner` for the columns."""
        acts, state, valid = batch["acts"], batch["state"], batch["valid"]
        later = self.target_inputs(module_id)
        best = (inputs.detach() if self.hyper.double else later).argmax(3, keepdim=True)
        following = (later.gather(3, best)[..., 0] * acts)[:, 1:]
        played = inputs[:, :-1].gather(3, batch["action"].long()[..., None])[..., 0] * acts[:, :-1]
        known = self.mixed(module_id, played, state[:, :-1])
        follows = self.mixed(module_id, following, state[:, 1:], target=True).detach()
        error = (known - batch["reward"] - batch["discount"] * follows)[valid]
        return error.square().mean(), {"q": known.detach()[valid].mean(), "error": error.detach().abs().mean()}

    def stepped(self, module_id: str) -> None:
        """The target networks follow."""
        self.follow_team(module_id, self.hyper.target_rate)


class QMIXLearner(VDNLearner):
    """The same, with values that are mixed instead of added up."""

    hyper: QMIXParams

    def make_mixer(self, agents: int, state: int) -> nn.Module:
        """See `Mixer`."""
        return Mixer(agents, state, self.hyper.mixer, self.hyper.hypernetwork)


class VDN(RLlibAlgorithm):
    """See `VDNParams`."""

    parameters = VDNParams
    learner = VDNLearner
    experience = Episodes
    behaviour = EpsilonGreedy
    heads = Heads("values", value=False)


class QMIX(VDN):
    """See `QMIXParams`."""

    parameters = QMIXParams
    learner = QMIXLearner

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`. It says so where the mixer has no true state to go by."""
        if services.spec.state is None:
            services.warn("the environment has no state(), so the mixer goes by what all agents of the team see")
        return super().train(job, services)
