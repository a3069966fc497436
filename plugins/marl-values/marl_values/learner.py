"""The learner that all value decomposition shares: the squared error of the value of what a team did.

So the team learns from what it earns together, and every agent acts alone, by its own greatest value. Targets are of
double Q-learning (van Hasselt et al., "Deep reinforcement learning with double Q-learning", AAAI 2016), over one step,
n steps, or all of them (TD(lambda), see `marl.training.returns`). Agents that have no turn (they died, or wait for
others) count as 0. What differs from algorithm to algorithm are the mixers.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from marl.algorithm import Services, Trained
from marl.job import Job
from marl.training.algorithm import RLlibAlgorithm
from marl.training.behaviour.epsilon_greedy import EpsilonGreedy
from marl.training.experience import Experience
from marl.training.experience.episodes import Episodes
from marl.training.feasible import Data
from marl.training.learner import Stats, Tensors
from marl.training.networks import Heads
from marl.training.returns import of_team, returns
from marl.training.team import TeamLearner
from marl.training.team_choice import Choice
from marl_values.params import ValuesParams


class ValuesLearner(TeamLearner):
    """The values of what was chosen, mixed, against what followed. See `TeamLearner` for the columns."""

    hyper: ValuesParams

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """The mean squared error over steps. `inputs` `[E, T + 1, n, A]` are the agents' values of actions."""
        known = self.mixed(module_id, played(batch, inputs))
        target = self.target_of(module_id, batch, inputs)
        error = (known - target)[batch["valid"]]
        return error.square().mean(), told(batch, known, error)

    def target_of(self, module_id: str, batch: Tensors, inputs: Tensor) -> Tensor:
        """What the value of every step should be, `[E, T]`, without gradient."""
        follows = self.mixed(module_id, self.following(module_id, batch, inputs), target=True)
        return self.looked_ahead(batch, follows.detach())

    def following(self, module_id: str, batch: Tensors, inputs: Tensor) -> Choice:
        """What the team would choose next, at steps 1 to T, and what the target networks say of it."""
        later = self.target_inputs(module_id)
        best = (inputs.detach() if self.hyper.double else later).argmax(3)
        return Choice(later[:, 1:], best[:, 1:], batch["acts"][:, 1:], batch["state"][:, 1:])

    def looked_ahead(self, batch: Tensors, follows: Tensor) -> Tensor:
        """Targets from values `[E, T]` of what comes after each step."""
        steps = of_team(batch["reward"], batch["discount"], follows, batch["valid"])
        return returns(steps, self.hyper.n_step, self.hyper.trace)

    def stepped(self, module_id: str) -> None:
        """The target networks follow."""
        self.follow_team(module_id, self.hyper.target_rate)


class ValueDecomposition(RLlibAlgorithm):
    """What all of them are made of, but for the learner."""

    experience: ClassVar[type[Experience]] = Episodes
    behaviour = EpsilonGreedy
    heads = Heads("values", value=False)
    data: ClassVar[Data] = "both"


class MixedByState(ValueDecomposition):
    """With mixers that go by the true state. It says so where there is none."""

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`."""
        if services.spec.state is None:
            services.warn("the environment has no state(), so the mixer goes by what all agents of the team see")
        return super().train(job, services)


def played(batch: Tensors, inputs: Tensor) -> Choice:
    """What the team chose at steps 0 to T - 1."""
    return Choice(inputs[:, :-1], batch["action"].long(), batch["acts"][:, :-1], batch["state"][:, :-1])


def told(batch: Tensors, known: Tensor, error: Tensor) -> Stats:
    """What is reported: the mean value of what was chosen, and the mean absolute error."""
    return {"q": known.detach()[batch["valid"]].mean(), "error": error.detach().abs().mean()}
