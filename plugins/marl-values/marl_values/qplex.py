"""QPLEX: a team's value is what its agents' best choices are worth, less what each loses by another choice, weighed.

The weights are positive and depend on the state and on what all chose, so that any game whose best joint action is that
of each agent's own best one can be represented. Source: Wang et al., "QPLEX: Duplex dueling multi-agent Q-learning",
ICLR 2021, section 3.
"""

from __future__ import annotations

from torch import nn

from marl.training.team_choice import TeamShape
from marl_values.learner import MixedByState, ValuesLearner
from marl_values.mixers.duplex import Duplex
from marl_values.params import QPLEXParams


class QPLEXLearner(ValuesLearner):
    """Values are mixed by their advantages."""

    hyper: QPLEXParams

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `Duplex`."""
        return {"": Duplex(shape, self.hyper.heads, self.hyper.hypernetwork)}


class QPLEX(MixedByState):
    """See `QPLEXParams`."""

    parameters = QPLEXParams
    learner = QPLEXLearner
