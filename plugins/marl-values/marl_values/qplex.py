"""QPLEX: a team's value is what its agents' best choices are worth, less what each loses by another choice, weighed.

The weights are positive and depend on the state and on what all chose, so that any game whose best joint action is that
of each agent's own best one can be represented. Source: Wang et al., "QPLEX: Duplex dueling multi-agent Q-learning",
ICLR 2021, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from marl.training.hyper import at_least_one
from marl.training.team_choice import TeamShape
from marl_values.learner import MixedByState, ValuesLearner, ValuesParams
from marl_values.mixers.duplex import Duplex


@dataclass(kw_only=True)
class QPLEXParams(ValuesParams):
    """Hyper-parameters of QPLEX."""

    heads: int = 4
    """How many weights of each agent's loss are added up."""
    hypernetwork: int = 64
    """The width of the networks that make the weights."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least_one(self, "heads", "hypernetwork")


class QPLEXLearner(ValuesLearner):
    """Values are mixed by their advantages."""

    hyper: QPLEXParams

    def make_mixers(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `Duplex`."""
        return {"": Duplex(shape, self.hyper.heads, self.hyper.hypernetwork)}


class QPLEX(MixedByState):
    """See `QPLEXParams`."""

    parameters = QPLEXParams
    learner = QPLEXLearner
