"""MAT: a transformer plays the whole team, each agent given what those before it have chosen. Its encoder values.

Learned by PPO's clipped objective, from whole matches, with values of each agent that stand on what the encoder makes
of what all see; advantages are estimated agent by agent, as in the authors' own code. Source: Wen et al., "Multi-agent
reinforcement learning is a sequence modeling problem", NeurIPS 2022. Agents cannot play apart from each other: who
plays sees what all of the team see.
"""

from __future__ import annotations

from torch import Tensor

from marl.training.learner import Tensors
from marl.training.networks import Heads
from marl.training.networks.heads import TeamPart
from marl.training.team_choice import TeamShape
from marl.training.together import TogetherLearner
from marl_ctde.algorithm import FreshTeam
from marl_ctde.clipped import ClippedLearner
from marl_ctde.params import MATParams


class MATLearner(TogetherLearner, ClippedLearner):
    """The critic's layers stand on the encoder, and their error is felt there."""

    hyper: MATParams

    def looks_at(self, team: str, batch: Tensors) -> Tensor:
        """What the encoder made of what all see, `[E, T + 1, n, F]`."""
        looked: Tensor = self.looked[team]
        return looked.unflatten(0, (len(batch["valid"]), -1))  # type: ignore[no-untyped-call]

    def size(self, shape: TeamShape) -> int:
        """F."""
        return int(self.network(self.names[0]).encoder.size)


class MAT(FreshTeam):
    """See `MATParams`."""

    parameters = MATParams
    learner = MATLearner

    def __init__(self, params: MATParams | None = None) -> None:
        params = params or MATParams()
        model = {"blocks": params.blocks, "attention_heads": params.attention_heads}
        self.heads = Heads(value=False, team=TeamPart("ctde/transformer", model))
        super().__init__(params)
