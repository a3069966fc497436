"""CartPole-v1 as arrays: balance a pole on a cart for as long as possible.

The physics, limits and rewards are Gymnasium's (a test plays both, tick by tick); only the seeds are marl's.
Source: Barto, Sutton, Anderson, "Neuronlike adaptive elements that can solve difficult learning control problems",
IEEE Transactions on Systems, Man, and Cybernetics 13 (1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.env import Frame, Lanes
from marl.games import one_agent_spec
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats
from marl_gymnasium.system import System, checked_limit

GRAVITY, FORCE, SECONDS = 9.8, 10.0, 0.02  # m/s^2, N, seconds a tick
POLE, HALF_LENGTH = 0.1, 0.5  # kg, m
TOTAL = POLE + 1.0  # kg, with the cart
LEVER = POLE * HALF_LENGTH
FAR, TILTED = 2.4, 12 * 2 * np.pi / 360  # m, radians: where a match ends


@dataclass
class CartPoleParams:
    """Parameters of CartPole."""

    max_steps: int = 500  # ticks, each worth a reward of 1


class CartPole(System):
    """An `Environment`. A row shows position, speed, angle and its speed (`float32[4]`); push left (0) or right (1)."""

    bounds = (0.05, 0.05, 0.05, 0.05)
    worst = 0.0

    def __init__(self, lanes: int, params: CartPoleParams | None = None) -> None:
        params = params or CartPoleParams()
        limit = checked_limit(params.max_steps)
        super().__init__(one_agent_spec(Box((4,)), Discrete(2), limit, (0.0, float(limit))), lanes)

    def observe(self, lanes: Lanes) -> Array:
        """See `OneAgent.observe`."""
        return self.system[lanes].astype(np.float32)

    def move(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools]:
        """One tick of Euler's method; see `System.move`."""
        x, speed, angle, turning = np.ascontiguousarray(self.system[lanes].T)
        cosine, sine = np.cos(angle), np.sin(angle)
        push = (np.where(actions == 1, FORCE, -FORCE) + LEVER * np.square(turning) * sine) / TOTAL
        swing = (GRAVITY * sine - cosine * push) / (HALF_LENGTH * (4.0 / 3.0 - POLE * np.square(cosine) / TOTAL))
        drive = push - LEVER * swing * cosine / TOTAL
        x = x + SECONDS * speed
        angle = angle + SECONDS * turning
        self.system[lanes] = np.stack([x, speed + SECONDS * drive, angle, turning + SECONDS * swing], axis=1)
        return np.ones(len(lanes)), (np.abs(x) > FAR) | (np.abs(angle) > TILTED)

    def render(self, lane: int) -> Frame:
        """The cart on its track."""
        x, _, angle, _ = self.system[lane].tolist()
        words = f"tick {self.tick[lane]}: cart at {x:+.2f} m, pole at {np.degrees(angle):+.1f} degrees"
        middle = 120 + 50 * x
        tip = (middle + 80 * np.sin(angle), 110 - 80 * np.cos(angle))
        return Frame(
            words,
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 140" width="480" height="280">'
            '<rect width="240" height="140" fill="#fafaf5"/><path d="M0 122H240" stroke="#222222"/>'
            f'<rect x="{middle - 18:.2f}" y="108" width="36" height="14" fill="#2f6db5"/>'
            f'<path d="M{middle:.2f} 110L{tip[0]:.2f} {tip[1]:.2f}" stroke="#d64545" stroke-width="5"/></svg>',
        )
