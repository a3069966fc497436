"""Resources: everybody goes to one of a few resources, and shares it with all who come.

Agents and resources lie anywhere in a unit square. What a resource is worth is divided by the number of those who chose
it; the way there costs its length. So the nearest and the richest are not the best where many think so, and how many
others there are matters: it is a congestion game with costs of each player's own, which has an equilibrium without
chance. Known answer: how much an agent could gain by going elsewhere, exactly (`nash_gap.py`).

Source: the game "resource occupation" of Zhang, Shen and Han, "Learning meta representations for agents in multi-agent
reinforcement learning", 2021 (as in the authors' code, where agents walk and are paid while they stay); Milchtaich,
"Congestion games with player-specific payoff functions", Games and Economic Behavior 1996 (equilibria).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from marl import rng
from marl.env import Frame, Lanes
from marl.games.drawing import AGENTS, INK, circle, svg, text
from marl.types import Array, Bools, Floats, Ints
from marl_multitask.params import ResourcesParams
from marl_multitask.population import PopulationGame

_POOR, _RICH = 1.0, 4.0  # what resources are worth
_PIXELS = 360


class Resources(PopulationGame):
    """See `PopulationGame`. `own`: of each resource where it is from here, and what it is worth. Of each other agent:
    where it is from here, and how far from each resource."""

    place: Floats  # float64[lanes, most, 2]
    resource: Floats  # float64[lanes, M, 2]
    worth: Floats  # float64[lanes, M]

    def __init__(self, lanes: int, params: ResourcesParams | None = None) -> None:
        self.params = params = params or ResourcesParams()
        count = params.resources
        worst = -params.way * np.sqrt(2)
        super().__init__(lanes, params.sizes, params.most, count, 3 * count, 2 + count, (worst, _RICH))

    def fields(self) -> dict[str, Any]:
        count = self.params.resources
        return {"place": np.zeros((self.most, 2)), "resource": np.zeros((count, 2)), "worth": np.zeros(count)}

    def start(self, lanes: Lanes) -> None:
        count = self.params.resources
        keys = rng.extend(rng.mix(self.seed[lanes], 0x4E5)[:, None], np.arange(2 * self.most + 3 * count))
        drawn = rng.uniform(keys).reshape(len(lanes), -1)
        places, resources, worth = np.split(drawn, [2 * self.most, 2 * self.most + 2 * count], axis=1)
        self.place[lanes] = places.reshape(-1, self.most, 2)
        self.resource[lanes] = resources.reshape(-1, count, 2)
        self.worth[lanes] = _POOR + (_RICH - _POOR) * worth

    def costs(self, lanes: Lanes) -> Floats:
        """What the way of each agent to each resource costs, `[L, most, M]`."""
        away = self.place[lanes][:, :, None] - self.resource[lanes][:, None]
        return np.asarray(self.params.way * np.sqrt(np.square(away).sum(axis=3)))

    def score(self, lanes: Lanes, chosen: Ints, there: Bools) -> tuple[Floats, Bools]:
        there_as = np.eye(self.params.resources)[chosen] * there[..., None]
        share = self.worth[lanes] / np.maximum(there_as.sum(axis=1), 1)
        paid = np.take_along_axis(share, chosen, 1)
        cost = np.take_along_axis(self.costs(lanes), chosen[..., None], 2)[..., 0]
        return paid - cost, np.ones(len(lanes), np.bool_)

    def themselves(self, lanes: Lanes, agents: Ints) -> Array:
        away = self.resource[lanes] - self.place[lanes, agents][:, None]
        return np.concatenate([away, self.worth[lanes][..., None]], axis=2).reshape(len(lanes), -1)

    def neighbours(self, lanes: Lanes, agents: Ints, others: Ints) -> Array:
        rows = np.arange(len(lanes))[:, None]
        away = self.place[lanes][rows, others] - self.place[lanes, agents][:, None]
        return np.concatenate([away, self.costs(lanes)[rows, others]], axis=2)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """The least that there is to earn, for whoever broke the rules."""
        rewards = np.zeros((len(lanes), self.most))
        rewards[np.arange(len(lanes)), agent] = self.spec.returns[0]
        return rewards

    def render(self, lane: int) -> Frame:
        size, parts, lines = int(self.sizes[self.task[lane]]), [], []
        for number, ((x, y), worth) in enumerate(zip(self.resource[lane], self.worth[lane], strict=True)):
            parts.append(circle(x * _PIXELS, y * _PIXELS, 6 + 4 * worth, "#e8d9a8"))
            parts.append(text(x * _PIXELS, y * _PIXELS + 4, f"{worth:.1f}", 12, INK))
            lines.append(f"resource {number} at {x:.2f} {y:.2f} is worth {worth:.2f}")
        for number, (x, y) in enumerate(self.place[lane, :size]):
            parts.append(circle(x * _PIXELS, y * _PIXELS, 8, AGENTS[number % len(AGENTS)]))
            lines.append(f"agent {number} at {x:.2f} {y:.2f}")
        return Frame("\n".join(lines), svg(_PIXELS, _PIXELS, parts))
