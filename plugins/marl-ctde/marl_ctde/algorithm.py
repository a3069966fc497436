"""What the algorithms here are made of, but for the learner."""

from __future__ import annotations

from typing import ClassVar

from marl.algorithm import Services, Trained
from marl.job import Job
from marl.training.algorithm import RLlibAlgorithm
from marl.training.experience import Experience
from marl.training.experience.episodes import Episodes
from marl.training.experience.fresh_episodes import FreshEpisodes
from marl.training.networks import Heads


class FreshTeam(RLlibAlgorithm):
    """Policies that learn from the whole matches that they have just played. Their networks say no values."""

    experience: ClassVar[type[Experience]] = FreshEpisodes
    heads: Heads = Heads(value=False)


class CentralCritic(FreshTeam):
    """With a critic that goes by the true state. It says so where there is none."""

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`."""
        if services.spec.state is None:
            services.warn("the environment has no state(), so the critic goes by what all agents of the team see")
        return super().train(job, services)


class ReplayTeam(CentralCritic):
    """Policies that learn from a replay of whole matches. Real actions are squashed into their bounds."""

    experience = Episodes
    heads = Heads("squashed", value=False)
    data = "both"
