"""MARDPG: MADDPG whose agents remember, and tell one another by messages what their teammates cannot see.

The critic of joint actions goes by the true state, and is MADDPG's. Gradients of what an agent does go back through the
messages that it has heard into the networks of those who sent them. Source: Feng et al., "Learning to collaborate:
multi-scenario ranking via multi-agent reinforcement learning", WWW 2018 (MA-RDPG); Lowe et al., "Multi-agent
actor-critic for mixed cooperative-competitive environments", NeurIPS 2017, for the rest.
"""

from __future__ import annotations

from marl.training.networks import Heads
from marl.training.networks.heads import TeamPart
from marl.training.together import TogetherLearner
from marl_ctde.algorithm import ReplayTeam
from marl_ctde.maddpg import MADDPGLearner
from marl_ctde.params import MARDPGParams


class MARDPGLearner(TogetherLearner, MADDPGLearner):
    """MADDPG's losses, of what agents do after they have gone through whole matches together."""

    hyper: MARDPGParams


class MARDPG(ReplayTeam):
    """See `MARDPGParams`."""

    parameters = MARDPGParams
    learner = MARDPGLearner

    def __init__(self, params: MARDPGParams | None = None) -> None:
        params = params or MARDPGParams()
        self.heads = Heads("squashed", value=False, team=TeamPart("ctde/messages", {"message": params.message}))
        super().__init__(params)
