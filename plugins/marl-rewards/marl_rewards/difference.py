"""Difference rewards: what a team earned, less what it would have earned without the agent.

Why: in a team everybody is paid for what everybody does, and an agent's own part drowns in it. What is taken away does
not depend on the agent's own action, so what is better for the agent is better for the team, and little else is in it.
Source: Wolpert and Tumer, "Optimal payoff functions for members of collectives", Advances in Complex Systems 4, 2001,
equation 4; Agogino and Tumer, "Analyzing and visualizing multiagent rewards in dynamic and stochastic domains", 2008.
The environment has to say what would have been, for every agent, in a column: nobody else can know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from marl.env import EnvSpec
from marl.errors import suggestion
from marl.reward import Channels, Window
from marl_rewards.features import own


@dataclass(kw_only=True)
class Params:
    """Where it stands what would have been."""

    without: str
    """A column with a number for every agent: what its side would have earned at the tick had it done nothing."""


class Difference:
    """Use it instead of the game's own reward: with `weights: {game: 0}`."""

    needs = ("earned",)
    channels: ClassVar = {"difference": "what the team earned less what it would have without the agent"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        self.without = params.without
        if spec.dynamics != "simultaneous":
            raise ValueError("it is for games in which all act at once: else a turn lasts for several ticks")
        if self.without not in spec.info:
            raise ValueError(
                f"without: the environment has no column {self.without!r}{suggestion(self.without, spec.info)}"
            )

    def __call__(self, window: Window) -> Channels:
        """`difference`, `float64[K]`."""
        rows = window.rows
        assert rows.earned is not None  # it is in `needs`
        team = rows.earned[range(len(rows)), window.side]
        return {"difference": team - own(rows.info[self.without], window, "agent", self.without)}
