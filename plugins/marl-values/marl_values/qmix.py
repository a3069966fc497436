"""QMIX: a team's value is mixed from its agents' values, by weights that depend on the state and are never negative.

Source: Rashid et al., "QMIX: Monotonic value function factorisation for deep multi-agent reinforcement learning", ICML
2018, section 4, equations 4 and 5 (the targets) and 6 (the loss).
"""

from __future__ import annotations

from torch import nn

from marl.training.team_choice import TeamShape
from marl_values.learner import MixedByState, ValuesLearner
from marl_values.mixers.monotonic import Monotonic
from marl_values.params import QMIXParams


class QMIXLearner(ValuesLearner):
    """Values are mixed instead of added up."""

    hyper: QMIXParams

    def make_team_critics(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `Monotonic`."""
        return {"": Monotonic(shape, self.hyper.mixer, self.hyper.hypernetwork)}


class QMIX(MixedByState):
    """See `QMIXParams`."""

    parameters = QMIXParams
    learner = QMIXLearner
