"""Team spirit: an agent is paid for what its team earns, to a degree.

Why: agents that are paid for the team's success alone cannot tell what they did for it; those that are paid for their
own alone do not help each other. `spirit` (tau) goes from the one to the other:
`(1 - tau) * own + tau * mean of the team [- mean of the opponents]`, where a team is a side, with the agent itself.
What others earn counts while the agent's own action does: up to its next own turn, or the end of its part.
Source: OpenAI et al., "Dota 2 with large scale deep reinforcement learning", 2019, appendix G; Moschopoulos et al.,
"Lucy-SKG: learning to play Rocket League efficiently using deep reinforcement learning", 2023, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from marl.env import EnvSpec
from marl.reward import Channels, Window


@dataclass
class Params:
    """How much of a team there is."""

    spirit: float = 0.5
    """tau: 0 pays an agent's own reward, 1 the mean of its team."""
    opponents: bool = False
    """Whether the mean of all agents of other sides is subtracted."""

    def __post_init__(self) -> None:
        if not 0 <= self.spirit <= 1:
            raise ValueError(f"spirit must be between 0 and 1, not {self.spirit}")


class TeamSpirit:
    """Use it instead of the game's own reward: with `weights: {game: 0}`."""

    needs = ("earned",)
    channels: ClassVar = {"spirit": "the agent's own reward blended with its team's"}

    def __init__(self, spec: EnvSpec, params: Params | None = None) -> None:
        self.params = params or Params()
        self.sizes = np.array([len(side) for side in spec.sides], dtype=np.float64)
        if self.params.opponents and len(spec.sides) == 1:
            raise ValueError("opponents: there are none in a game with one side; leave it false")
        if not self.params.opponents and self.sizes.max() == 1:
            raise ValueError("no side of this game has more than one agent, so there is no team")

    def __call__(self, window: Window) -> Channels:
        """`spirit`, `float64[K]`."""
        rows, tau = window.rows, self.params.spirit
        assert rows.earned is not None  # it is in `needs`
        team = np.take_along_axis(rows.earned, window.side[:, None], axis=1)[:, 0]
        size = self.sizes[window.side]
        paid = (1 - tau) * rows.reward + tau * team / size
        if self.params.opponents:
            paid -= (rows.earned.sum(axis=1) - team) / (self.sizes.sum() - size)
        return {"spirit": paid}
