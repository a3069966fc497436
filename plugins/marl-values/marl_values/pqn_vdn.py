"""PQN-VDN and PQN-QMIX: VDN and QMIX without a replay and target networks, from many matches played side by side.

What makes that stable are layers that normalise (`values/normed`, the default model here) and lambda-returns. Targets
are computed once, by the networks as they have played, and every match is used a few times. Source: Gallici et al.,
"Simplifying deep temporal difference learning", ICLR 2025, section 4 and algorithm 1; with agents' values added up, as
in its multi-agent experiments, or mixed by QMIX's network. Adam instead of its RAdam.
"""

from __future__ import annotations

from torch import Tensor, nn

from marl.training.experience.fresh_episodes import FreshEpisodes
from marl.training.learner import Stats, Tensors
from marl.training.returns import of_team, returns
from marl.training.team import TeamLearner
from marl.training.team_choice import Choice, TeamShape
from marl_values.learner import MixedByState, ValueDecomposition, played, told
from marl_values.mixers.monotonic import Monotonic
from marl_values.params import PQNQMIXParams, PQNVDNParams


class PQNVDNLearner(TeamLearner):
    """The squared error of the team's value against lambda-returns that are computed once an update."""

    hyper: PQNVDNParams

    def prepare(self, module_id: str, columns: Tensors) -> Tensors:
        """`target` `[E, T]`: what followed each step, by the greatest values of the networks as they are now."""
        joint = self.joint(module_id, columns)
        inputs = self.inputs_of(module_id, {})[:, 1:]
        later = Choice(inputs, inputs.argmax(3), joint["acts"][:, 1:], joint["state"][:, 1:])
        follows = self.mixed(module_id, later).detach()
        steps = of_team(joint["reward"], joint["discount"], follows, joint["valid"])
        return {"target": returns(steps, self.hyper.n_step, self.hyper.trace)}

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """The mean squared error over steps. See `TeamLearner` for the columns."""
        known = self.mixed(module_id, played(batch, inputs))
        error = (known - batch["target"])[batch["valid"]]
        return error.square().mean(), told(batch, known, error)


class PQNVDN(ValueDecomposition):
    """See `PQNVDNParams`."""

    parameters = PQNVDNParams
    learner = PQNVDNLearner
    experience = FreshEpisodes
    data = "played"


class PQNQMIXLearner(PQNVDNLearner):
    """Values are mixed instead of added up."""

    hyper: PQNQMIXParams

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `Monotonic`."""
        return {"": Monotonic(shape, self.hyper.mixer, self.hyper.hypernetwork)}


class PQNQMIX(MixedByState):
    """See `PQNQMIXParams`."""

    parameters = PQNQMIXParams
    learner = PQNQMIXLearner
    experience = FreshEpisodes
    data = "played"
