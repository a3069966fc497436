"""Kick-offs: the ball rests in the middle, and teams stand where chance puts one of them, turned by half a turn."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.types import Array, Keys
from marl_carball.field import LENGTH, WIDTH, Reals


def places(seeds: Keys, number: Array, team: int) -> tuple[Reals, Reals, Reals, Reals]:
    """Where the cars of team 0 stand and look at kick-off `number[L]` of each match: x, y and heading, `[team, L]`.

    Each has a strip of its own across the field, and looks at the ball, to within 0.5 radians or so.
    """
    keys = rng.mix(seeds[:, None], 11, number[:, None], np.arange(team)).reshape(-1)
    u, v, w = (rng.uniform(keys, draw).reshape(len(seeds), team).T for draw in range(3))
    strip = 2 * (WIDTH - 4) / team
    x = -(7 + (LENGTH - 10) * u)
    y = -(WIDTH - 4) + strip * (np.arange(team)[:, None] + v)
    look_x, look_y = -x - (w - 0.5) * -y, -y + (w - 0.5) * -x
    length = np.sqrt(look_x * look_x + look_y * look_y)
    first, second, third, fourth = (part.astype(np.float32) for part in (x, y, look_x / length, look_y / length))
    return first, second, third, fourth
