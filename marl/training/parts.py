"""What an algorithm is made of, beside its hyper-parameters."""

from __future__ import annotations

from dataclasses import dataclass

from marl.training.behaviour import Behaviour
from marl.training.experience import Experience
from marl.training.experience.on_policy import OnPolicy
from marl.training.learner import ColumnLearner


@dataclass(frozen=True)
class Parts:
    """The loss, what is kept of what was played, and how it is played while gathering (None: drawn from the policy)."""

    learner: type[ColumnLearner]
    experience: type[Experience] = OnPolicy
    behaviour: type[Behaviour] | None = None

    def behave(self) -> Behaviour | None:
        """How a policy acts while it gathers."""
        return None if self.behaviour is None else self.behaviour()
