"""What the particle worlds share: discs that are pushed in four directions, slow down, and push each other away.

The arithmetic is that of mpe2 1.1.1 (which plays one match at a time), on arrays whose last axis is the match.
Source: Lowe et al., "Multi-agent actor-critic for mixed cooperative-competitive environments", NeurIPS 2017; Mordatch
and Abbeel, "Emergence of grounded compositional language in multi-agent populations", AAAI 2018.
"""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.env import Frame
from marl.games.drawing import AGENTS, INK, circle, svg, text
from marl.types import Floats, Ints, Keys

PUSHES = np.array([(0.0, 0.0), (-5.0, 0.0), (5.0, 0.0), (0.0, -5.0), (0.0, 5.0)])  # none, left, right, down, up
SECONDS = 0.1  # of a tick
DAMPING = 0.25  # the part of its speed that a disc loses in a tick
STIFFNESS, SOFTNESS = 100.0, 1e-3  # of a contact
_FELT = 40 * SOFTNESS  # further apart than this, discs do not feel each other (their force is below 1e-18)
_SCALE, _EDGE = 110, 1.5  # pixels for a length of 1; how far from the middle pictures reach


def scattered(seeds: Keys, count: int) -> Floats:
    """Where `count` things start, anywhere between -1 and 1: `float64[L, count, 2]`."""
    keys = rng.extend(rng.mix(seeds, 0x5CA7)[:, None], np.arange(2 * count))
    return 2 * rng.uniform(keys).reshape(-1, count, 2) - 1


def lanes_last(places: Floats) -> Floats:
    """`[L, count, 2]` as `[2, count, L]`, in one piece: arithmetic on long rows is many times faster."""
    return np.ascontiguousarray(places.transpose(2, 1, 0))


def contacts(places: Floats, reach: float) -> Floats:
    """How discs push each other that touch below the distance `reach`: forces `[2, N, L]` from places `[2, N, L]`."""
    force = np.zeros_like(places)
    for one in range(places.shape[1]):
        for other in range(one + 1, places.shape[1]):
            away = places[:, one] - places[:, other]
            far = np.sqrt(away[0] * away[0] + away[1] * away[1])
            near = np.flatnonzero(far < reach + _FELT)
            depth = np.logaddexp(0.0, (reach - far[near]) / SOFTNESS) * SOFTNESS
            push = STIFFNESS * away[:, near] / far[near] * depth
            force[:, one, near] += push
            force[:, other, near] -= push
    return force


def moved(places: Floats, speeds: Floats, act: Ints, force: Floats | float = 0.0) -> tuple[Floats, Floats]:
    """Places and speeds `[2, N, L]` after a tick in which `act[N, L]` is done and `force[2, N, L]` works besides."""
    push = PUSHES.T[:, act] + force
    return places + speeds * SECONDS, speeds * (1 - DAMPING) + push * SECONDS


def draw(agents: Floats, landmarks: Floats, sizes: tuple[float, float], colours: list[str], said: str) -> Frame:
    """Agents `[N, 2]`, which have numbers, and landmarks `[M, 2]` with a letter and a colour each; `sizes`: radii."""
    side = 2 * _EDGE * _SCALE
    parts = []
    for number, ((x, y), colour) in enumerate(zip(landmarks.tolist(), colours, strict=True)):
        size = max(sizes[1] * _SCALE, 6)
        parts.append(circle(*_pixel(x, y), size, colour))
        parts.append(text(_pixel(x, y)[0] + size + 3, _pixel(x, y)[1] + 4, chr(ord("a") + number), 12, INK, "start"))
    for number, (x, y) in enumerate(agents.tolist()):
        parts.append(circle(*_pixel(x, y), sizes[0] * _SCALE, AGENTS[number % len(AGENTS)]))
        parts.append(text(_pixel(x, y)[0], _pixel(x, y)[1] + 4, str(number), 12, "white"))
    parts.append(text(8, side + 18, said, 13, INK, "start"))
    return Frame(_letters(agents, landmarks, said), svg(side, side + 26, parts))


def _pixel(x: float, y: float) -> tuple[float, float]:
    return (_EDGE + x) * _SCALE, (_EDGE - y) * _SCALE


def _letters(agents: Floats, landmarks: Floats, said: str) -> str:
    """A small map: landmarks are letters, agents their numbers."""
    cells = [["." for _ in range(31)] for _ in range(16)]
    for places, first in ((landmarks, "a"), (agents, "0")):
        for number, (x, y) in enumerate(places.tolist()):
            column, row = (round((at + _EDGE) * scale) for at, scale in ((x, 10), (-y, 5)))
            if 0 <= column < 31 and 0 <= row < 16:
                cells[row][column] = chr(ord(first) + number)
    return "\n".join([said, *("".join(row) for row in cells)])
