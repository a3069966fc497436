"""Vicsek's flock: agents fly at one speed over the torus, and turn.

A tick is `angle += alignment * (the direction of those near, relative to its own) + turn + noise * u`, where `u` is
uniform from -1/2 to 1/2, and a step of `speed` along the new angle. With `alignment: 1` and no turning this is Vicsek's
model, which has order where the noise is low and none where it is high; at a noise of 2 pi all angles are random.

Source: Vicsek et al., "Novel type of phase transition in a system of self-driven particles", Physical Review Letters 75
(1995). There a step is taken along the angle before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl import rng
from marl.env import Frame, Lanes
from marl.games.drawing import AGENTS, svg, text
from marl.registry.ranges import at_least
from marl.types import Floats, Keys
from marl_swarm.swarm import Swarm, SwarmParams

_ARROWS = "→↗↑↖←↙↓↘"


@dataclass(kw_only=True)
class VicsekParams(SwarmParams):
    """Parameters of Vicsek's flock."""

    speed: float = 0.03
    """How far an agent flies in a tick; a side of the torus is 1."""
    alignment: float = 0.0
    """How far agents go towards the direction of those near them by themselves, from 0 to 1 (Vicsek's model)."""
    noise: float = 0.6
    """How much chance turns an agent in a tick: uniform, half of it to either side, in radians."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 0, "speed", "alignment", "noise")


class Vicsek(Swarm):
    """See `Swarm` and above."""

    what = "bird"
    params: VicsekParams

    def __init__(self, lanes: int, params: VicsekParams | None = None) -> None:
        super().__init__(lanes, params or VicsekParams())

    def move(self, lanes: Lanes, turn: Floats, drawn: Keys) -> None:
        """See above."""
        params, change = self.params, turn.copy()
        if params.alignment:
            along, across = self.field_around(lanes, self.near(lanes))
            change += params.alignment * np.arctan2(across, along)
        if params.noise:
            change += params.noise * (rng.uniform(drawn).reshape(change.shape) - 0.5)
        angle = self.angle[lanes] + change
        step = params.speed * np.stack([np.cos(angle), np.sin(angle)], axis=2)
        self.angle[lanes] = angle
        self.place[lanes] = np.mod(self.place[lanes] + step, 1.0)

    def render(self, lane: int) -> Frame:
        """Birds as arrows, coloured by where they point to."""
        place, angle = self.place[lane], self.angle[lane]
        said = f"tick {self.tick[lane]}, order {float(self.order(np.array([lane]))[0]):.2f}"
        eighth = np.round(angle / (np.pi / 4)).astype(np.int64) % 8
        field = [[" "] * 32 for _ in range(16)]
        for (x, y), way in zip(place, eighth, strict=True):
            field[15 - int(y * 16) % 16][int(x * 32) % 32] = _ARROWS[way]
        parts = [
            f'<path transform="translate({320 * x:.1f} {350 - 320 * y:.1f}) rotate({-np.degrees(one):.0f})" '
            f'd="M8 0L-5 4L-5 -4Z" fill="{AGENTS[way]}"/>'
            for (x, y), one, way in zip(place, angle, eighth, strict=True)
        ]
        drawn = svg(320, 356, [*parts, text(160, 20, said, 14)])
        return Frame("\n".join([said, *("".join(row) for row in field)]), drawn)
