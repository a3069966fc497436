"""Pendulum-v1 as arrays: swing a pendulum up, and hold it there with little torque.

The physics and rewards are Gymnasium's (a test plays both, tick by tick); only the seeds are marl's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.env import Frame, Lanes
from marl.games import one_agent_spec
from marl.space import Box
from marl.types import Array, Bools, Floats
from marl_gymnasium.system import System, checked_limit

GRAVITY, SECONDS = 10.0, 0.05  # m/s^2, seconds a tick; the pendulum weighs 1 kg and is 1 m long
FASTEST, STRONGEST = 8.0, 2.0  # radians/s, N m


@dataclass
class PendulumParams:
    """Parameters of Pendulum."""

    max_steps: int = 200  # ticks


class Pendulum(System):
    """An `Environment`. A row shows cosine and sine of the angle and its speed (`float32[3]`); act by a torque."""

    bounds = (np.pi, 1.0)
    worst = -(np.pi**2 + 0.1 * FASTEST**2 + 0.001 * STRONGEST**2)

    def __init__(self, lanes: int, params: PendulumParams | None = None) -> None:
        params = params or PendulumParams()
        limit = checked_limit(params.max_steps)
        torque = Box((1,), -STRONGEST, STRONGEST)
        super().__init__(one_agent_spec(Box((3,), -FASTEST, FASTEST), torque, limit, (limit * self.worst, 0.0)), lanes)

    def observe(self, lanes: Lanes) -> Array:
        """See `OneAgent.observe`."""
        angle, speed = self.system[lanes].T
        return np.stack([np.cos(angle), np.sin(angle), speed], axis=1).astype(np.float32)

    def move(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools]:
        """One tick; the angle is 0 at the top. See `System.move`."""
        angle, speed = np.ascontiguousarray(self.system[lanes].T)
        torque = actions[:, 0]  # float32, and so are its multiples in Gymnasium
        upright = (angle + np.pi) % (2 * np.pi) - np.pi
        cost = upright**2 + 0.1 * speed**2 + 0.001 * torque**2
        speed = np.clip(speed + (1.5 * GRAVITY * np.sin(angle) + 3.0 * torque) * SECONDS, -FASTEST, FASTEST)
        self.system[lanes] = np.stack([angle + speed * SECONDS, speed], axis=1)
        return -cost, np.zeros(len(lanes), dtype=np.bool_)

    def render(self, lane: int) -> Frame:
        """The pendulum from the side."""
        angle, speed = self.system[lane].tolist()
        turned = (np.degrees(angle) + 180) % 360 - 180
        words = f"tick {self.tick[lane]}: {turned:+.1f} degrees from the top, turning at {speed:+.2f} radians/s"
        tip = (80 - 60 * np.sin(angle), 80 - 60 * np.cos(angle))
        return Frame(
            words,
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160" width="320" height="320">'
            '<rect width="160" height="160" fill="#fafaf5"/>'
            f'<path d="M80 80L{tip[0]:.2f} {tip[1]:.2f}" stroke="#d64545" stroke-width="10" stroke-linecap="round"/>'
            '<circle cx="80" cy="80" r="3" fill="#222222"/></svg>',
        )
