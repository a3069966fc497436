"""Conservative value decomposition: a team learns from recorded matches what it earns together.

To the error of the team's value (VDN's sum, QMIX's mixture) is added, for every own turn of every agent, `conservatism`
times `logsumexp_a Q_i(o_i, a) - Q_i(o_i, a_i of the data)`: so what nobody tried is best for no agent, and a monotonic
mixture holds the joint actions that nobody tried below those that somebody did. Agents may have memories.

Sources: Kumar et al., "Conservative Q-learning for offline reinforcement learning", NeurIPS 2020; for agents of a team,
each with its own term, Pan et al., "Plan better amid conservatism: Offline multi-agent reinforcement learning with
actor rectification" (OMAR), ICML 2022; the values of Sunehag et al. (VDN), 2017, and Rashid et al. (QMIX), ICML 2018.
"""

from __future__ import annotations

from torch import Tensor, nn

from marl.training.experience.fresh_episodes import FreshEpisodes
from marl.training.learner import Stats, Tensors
from marl.training.team_choice import TeamShape
from marl_offline.params import CQLQMIXParams, CQLVDNParams
from marl_values.learner import MixedByState, ValueDecomposition, ValuesLearner, played
from marl_values.mixers.monotonic import Monotonic


class CQLVDNLearner(ValuesLearner):
    """Values are added up."""

    hyper: CQLVDNParams  # type: ignore[assignment]

    def loss(self, module_id: str, batch: Tensors, inputs: Tensor, value: Tensor) -> tuple[Tensor, Stats]:
        """The error of the team, and the optimism of its agents. See `TeamLearner` for the columns."""
        loss, stats = super().loss(module_id, batch, inputs, value)
        choice, turns = played(batch, inputs), batch["acts"][:, :-1] & batch["valid"][..., None]
        optimism = (choice.inputs.logsumexp(3) - choice.values)[turns].mean()
        return loss + self.hyper.conservatism * optimism, {**stats, "optimism": optimism.detach()}


class CQLQMIXLearner(CQLVDNLearner):
    """Values are mixed by the true state."""

    hyper: CQLQMIXParams

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `Monotonic`."""
        return {"": Monotonic(shape, self.hyper.mixer, self.hyper.hypernetwork)}


class CQLVDN(ValueDecomposition):
    """See `CQLVDNParams`."""

    parameters = CQLVDNParams
    learner = CQLVDNLearner
    experience = FreshEpisodes
    behaviour = None
    data = "recorded"


class CQLQMIX(MixedByState):
    """See `CQLQMIXParams`."""

    parameters = CQLQMIXParams
    learner = CQLQMIXLearner
    experience = FreshEpisodes
    behaviour = None
    data = "recorded"
