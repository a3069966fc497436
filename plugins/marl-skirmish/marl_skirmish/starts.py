"""Where everybody starts, and as what. Chance follows from the seeds of the matches alone."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.types import Floats, Ints, Keys
from marl_skirmish.battle import HALF, Reals
from marl_skirmish.maps import Map
from marl_skirmish.units import KINDS, UNITS

MIDDLE = 8.0  # how far from the middle of the field each crowd stands
CORNER = 9.0  # how far, in both directions, the groups that surround the agents


def kinds(map: Map, seeds: Keys, first: int, second: int) -> Ints:
    """The kinds of `first` and `second` units, `int64[L, first + second]`: slot by slot the same for both teams.

    Some unit of a team can always attack.
    """
    keys = rng.mix(seeds[:, None], 1, np.arange(max(first, second)))
    numbers = np.array(map.kinds)
    drawn = numbers[rng.choose(keys.reshape(-1), np.tile(map.chances(), (keys.size, 1)))].reshape(keys.shape)
    heals = np.array([UNITS[KINDS[kind]].heals for kind in range(len(KINDS))])[drawn]
    fights = next(kind for kind in map.kinds if not UNITS[KINDS[kind]].heals)
    drawn[heals[:, : min(first, second)].all(axis=1), 0] = fights
    return np.concatenate([drawn[:, :first], drawn[:, :second]], axis=1)


def places(map: Map, seeds: Keys, first: int, second: int, mirrored: bool) -> tuple[Reals, Reals]:
    """Where both teams start, `[L, first + second]` each.

    Two crowds that face each other are drawn each for itself unless they are to be `mirrored`, slot by slot.
    """
    keys = rng.mix(seeds[:, None], 2, np.arange(max(first, second)))
    shape, flat = keys.shape, keys.reshape(-1)
    u, v, other_u, other_v = (rng.uniform(flat, draw).reshape(shape) for draw in range(4))
    if mirrored or map.starts != "facing":
        other_u, other_v = u, v
    spread = 2.0 + 0.08 * max(first, second)  # half the width of a crowd

    def half(u: Floats, v: Floats) -> Floats:
        if map.starts == "facing":
            return np.stack([-MIDDLE + spread * (2 * u - 1), 2 * spread * (2 * v - 1)])
        return np.stack([-1 - (HALF - 2) * u, (HALF - 1) * (2 * v - 1)])

    mirror = np.array([-1.0, 1.0])[:, None, None]
    ally, enemy = half(u, v)[..., :first], mirror * half(other_u, other_v)[..., :second]
    if map.starts in ("surrounded", "mixed"):
        around = np.full(len(seeds), True) if map.starts == "surrounded" else rng.uniform(rng.mix(seeds, 3)) < 0.5
        corners = rng.integers(rng.mix(seeds[:, None], 4, np.arange(second)).reshape(-1), 4).reshape(-1, second)
        near = np.stack([2 * u - 1, 2 * v - 1])
        outside = np.stack([CORNER * (2 * (corners & 1) - 1), CORNER * (2 * (corners >> 1) - 1)])
        ally = np.where(around[:, None], 1.5 * near[..., :first], ally)
        enemy = np.where(around[:, None], outside + 2 * near[..., :second], enemy)
    x, y = np.concatenate([ally, enemy], axis=2).astype(np.float32)
    return x, y
