"""The ball and cars hit each other: impulses along the line between two centres, all of them at once.

Two discs i and j that overlap and come nearer exchange the impulse `p = w (1 + e) m v`, where `v` is the speed at which
they come nearer, `m = m_i m_j / (m_i + m_j)`, `e` the restitution, and `w = 1 / max(k_i, k_j)` for k contacts that a
disc has in the same instant. What one gets the other loses, so momentum is kept. And energy never grows: with all
weights of a body at most 1 in sum, its velocity is a mean of those that single contacts would give it, energy is convex
in velocity, and no single contact adds any. No order of contacts is preferred, so exchanged teams play the same match.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from marl.types import Array
from marl_carball.bodies import Bodies
from marl_carball.field import BOUNCE_HIT, Reals


def collide(bodies: Bodies) -> tuple[Reals, Reals]:
    """Let those that overlap bounce, and move them apart.

    Returns what the ball got from each car, as changes of its velocity `float32[N, L]` by x and by y.
    """
    first, second = pairs(len(bodies.x))
    dx, dy = bodies.x[second] - bodies.x[first], bodies.y[second] - bodies.y[first]
    square, reach = dx * dx + dy * dy, bodies.radius[first] + bodies.radius[second]
    near = np.flatnonzero((square < reach * reach).any(axis=0))
    cars = len(bodies.x) - 1
    pushed = np.zeros((2, cars, bodies.x.shape[1]), np.float32)
    if near.size:
        some = bodies.of(near)
        hits = _meet(some, dx[:, near], dy[:, near], np.sqrt(square[:, near]), reach)
        bodies.put(near, some)
        pushed[:, :, near] = hits[:, :cars]  # the first pairs are those of the ball
    return pushed[0], pushed[1]


@cache
def pairs(bodies: int) -> tuple[Array, Array]:
    """All pairs of bodies, `[P]` each, those of the ball first."""
    first, second = np.triu_indices(bodies, 1)
    return first, second


def _meet(bodies: Bodies, dx: Reals, dy: Reals, apart: Reals, reach: Reals) -> Reals:
    """All contacts of these matches; what it did to the velocity of the second of each pair, negated, by its mass.

    For pairs of the ball that is the change of the ball's velocity, `float32[2, P, L]`.
    """
    count = len(bodies.x)
    first, second = pairs(count)
    safe = np.maximum(apart, np.float32(1e-6))
    nx, ny = np.where(apart > 0, dx / safe, np.float32(0)), np.where(apart > 0, dy / safe, np.float32(0))
    nearing = (bodies.vx[first] - bodies.vx[second]) * nx + (bodies.vy[first] - bodies.vy[second]) * ny
    overlap = np.maximum(reach - apart, np.float32(0))
    touching, hitting = overlap > 0, (overlap > 0) & (nearing > 0)
    masses = bodies.mass[first] * bodies.mass[second] / (bodies.mass[first] + bodies.mass[second])
    impulse = np.where(hitting, np.float32(1 + BOUNCE_HIT) * masses * nearing, np.float32(0))
    impulse *= _shares(hitting, count)
    push = overlap * masses * _shares(touching, count)
    px, py = impulse * nx, impulse * ny
    for values, along, across, sign in (
        ((bodies.vx, bodies.vy), px, py, -1),
        ((bodies.x, bodies.y), push * nx, push * ny, -1),
    ):
        for target, part in zip(values, (along, across), strict=True):
            target += np.float32(sign) * _sums(part, count) / bodies.mass
    mass = bodies.mass[first]
    return np.stack([-px / mass, -py / mass])


def _shares(touching: Array, count: int) -> Reals:
    """One through the greater number of contacts that the two of each pair have, `float32[P, L]`."""
    first, second = pairs(count)
    contacts = np.zeros((count, touching.shape[1]), np.float32)
    for pair, (one, other) in enumerate(zip(first, second, strict=True)):
        contacts[one] += touching[pair]
        contacts[other] += touching[pair]
    return np.reciprocal(np.maximum(np.maximum(contacts[first], contacts[second]), np.float32(1)))


def _sums(parts: Reals, count: int) -> Reals:
    """Of each body, the parts of its pairs: added where it is the first one, subtracted where the second.

    The ball's, its own team's and the other team's are summed up apart, so that exchanged teams give the same bits.
    """
    result = np.zeros((count, parts.shape[1]), np.float32)
    for body in range(count):
        for group in _groups(count)[body]:
            subtotal = np.zeros(parts.shape[1], np.float32)
            for pair, sign in group:
                subtotal += parts[pair] if sign > 0 else -parts[pair]
            result[body] += subtotal
    return result


@cache
def _groups(count: int) -> Sequence[Sequence[Sequence[tuple[int, int]]]]:
    """For each body, the pairs that it is in, and its sign there: with its team, with the other, and with the ball."""
    first, second = pairs(count)
    where = {(int(one), int(two)): pair for pair, (one, two) in enumerate(zip(first, second, strict=True))}
    half = (count - 1) // 2
    ball, teams = [0], (list(range(1, half + 1)), list(range(half + 1, count)))
    result = []
    for body in range(count):
        mine = int(body > half)
        ordered = (*((teams[mine], teams[1 - mine]) if body else teams), ball)
        groups = [[(where[min(body, other), max(body, other)], 1 if body < other else -1) for other in group
                   if other != body] for group in ordered]  # fmt: skip
        result.append([group for group in groups if group])
    return result
