"""QMIX: a team's value is mixed from its agents' values, by weights that depend on the state and are never negative.

Source: Rashid et al., "QMIX: Monotonic value function factorisation for deep multi-agent reinforcement learning", ICML
2018, section 4, equations 4 and 5 (the targets) and 6 (the loss).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from marl.registry.ranges import at_least
from marl.training.team_choice import TeamShape
from marl_values.learner import MixedByState, ValuesLearner, ValuesParams
from marl_values.mixers.monotonic import Monotonic


@dataclass(kw_only=True)
class QMIXParams(ValuesParams):
    """Hyper-parameters of QMIX."""

    mixer: int = 32
    """The width of the mixer's hidden layer."""
    hypernetwork: int = 64
    """The width of the networks that make the mixer's weights from the state; 0 makes them linear."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "mixer")
        at_least(self, 0, "hypernetwork")


class QMIXLearner(ValuesLearner):
    """Values are mixed instead of added up."""

    hyper: QMIXParams

    def make_mixers(self, shape: TeamShape) -> dict[str, nn.Module]:
        """See `Monotonic`."""
        return {"": Monotonic(shape, self.hyper.mixer, self.hyper.hypernetwork)}


class QMIX(MixedByState):
    """See `QMIXParams`."""

    parameters = QMIXParams
    learner = QMIXLearner
