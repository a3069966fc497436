"""Scripts that play skirmish, from doing nothing to what people find hard to beat. Each is one small function.

They know what their units see, and nothing of each other; what they answer is legal. Who reads `View` has all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from marl.types import Array, Bools, Ints
from marl_skirmish.battle import ATTACK, BACK, FORWARD, NOOP, NORTH, SOUTH, STOP
from marl_skirmish.starts import MIDDLE
from marl_skirmish.units import LOOPS, SIGHT
from marl_skirmish.view import Others, View, nearest

Script = Callable[[View], Ints]
_INFINITE = np.float32(np.inf)


def idle(view: View) -> Ints:
    """Stands still and suffers."""
    return np.where(view.legal[STOP], STOP, NOOP)


def random(view: View) -> Ints:
    """Does anything that is legal."""
    return _drawn(view.legal, view.chance)


def hold(view: View) -> Ints:
    """Stands where it is, and attacks who comes near: the nearest."""
    return _attack(view, view.enemies.distance, idle(view))


def nearest_first(view: View) -> Ints:
    """Attacks the nearest enemy, goes towards it where it is too far away, and looks for them where it sees none.

    This is how SMAC's opponents play: they attack what they meet on their way.
    """
    return _attack(view, view.enemies.distance, _approach(view))


def focus(view: View) -> Ints:
    """Attacks the weakest enemy in reach, so that several units of a team shoot at the same one."""
    return _attack(view, _weakness(view), _approach(view))


def kite(view: View) -> Ints:
    """As `focus`; units with a long reach step back while they cannot shoot and somebody comes close."""
    away = _walk(view, *_towards(view.enemies), -1)
    close = view.enemies.distance.min(axis=0) < view.reach - 1.5
    back = (view.wait >= LOOPS) & (view.reach > 3) & close & ~view.heals
    return np.where(back, away, focus(view))


def retreat(view: View) -> Ints:
    """As `focus`; who is hurt badly and attacked from near goes away, while the others fight on."""
    away = _walk(view, *_towards(view.enemies), -1)
    friends = np.isfinite(view.allies.distance).any(axis=0)
    hurt = (view.left < 0.35) & friends & (view.enemies.distance.min(axis=0) < view.reach)
    return np.where(hurt & (view.wait >= LOOPS), away, focus(view))


def swarm(view: View) -> Ints:
    """As `focus`; who is ahead of its team waits, so that all arrive together."""
    count = np.isfinite(view.allies.distance).sum(axis=0)
    ahead = view.allies.x.sum(axis=0) < -1.0 * np.maximum(count, 1)  # the others are behind by one on average
    far = np.isfinite(view.enemies.distance).any(axis=0) & (view.enemies.distance.min(axis=0) > view.reach)
    return np.where(ahead & far & view.legal[STOP], STOP, focus(view))


SCRIPTS: Mapping[str, Script] = {
    "idle": idle,
    "random": random,
    "hold": hold,
    "nearest": nearest_first,
    "focus": focus,
    "kite": kite,
    "retreat": retreat,
    "swarm": swarm,
}


def _weakness(view: View) -> Array:
    """The weakest enemy has the least; of those alike, the nearest."""
    return view.enemies.left + view.enemies.distance * np.float32(0.01 / SIGHT)


def _attack(view: View, score: Array, otherwise: Ints) -> Ints:
    """Attack whom of those in reach has the lowest score `[T, K]`; healers heal whom of those in reach is hurt most."""
    scores = np.where(view.legal[ATTACK : ATTACK + len(score)], score, _INFINITE)
    best = scores.argmin(axis=0)
    able = np.isfinite(scores.min(axis=0))
    if view.heals.any():
        hurt = np.where(view.legal[ATTACK : ATTACK + len(view.allies.left)], view.allies.left, _INFINITE)
        best = np.where(view.heals, hurt.argmin(axis=0), best)
        able = np.where(view.heals, np.isfinite(hurt.min(axis=0)), able)
    return np.where(able, ATTACK + best, otherwise)


def _approach(view: View) -> Ints:
    """Towards the nearest enemy (healers: the nearest ally); where nobody is seen, to where the enemies come from."""
    x, y = _towards(view.enemies)
    seen = np.isfinite(view.enemies.distance).any(axis=0)
    if view.heals.any():
        ally_x, ally_y = _towards(view.allies)
        x, y = np.where(view.heals, ally_x, x), np.where(view.heals, ally_y, y)
        seen = np.where(view.heals, np.isfinite(view.allies.distance).any(axis=0), seen)
    walk = _walk(view, np.where(seen, x, MIDDLE - view.x), np.where(seen, y, -view.y), 1)
    there = ~seen & (np.abs(MIDDLE - view.x) + np.abs(view.y) < 4)
    if not there.any():
        return walk
    return np.where(there, _drawn(view.legal[:ATTACK], view.chance), walk)


def _towards(others: Others) -> tuple[Array, Array]:
    """Where the nearest of them is from here, `[K]` each."""
    first, column = nearest(others), np.arange(others.x.shape[1])
    return others.x[first, column], others.y[first, column]


def _walk(view: View, x: Array, y: Array, sign: int) -> Ints:
    """A step along the longer of both directions, or against it; stop where there is no way."""
    across = np.where(sign * x >= 0, FORWARD, BACK)
    up = np.where(sign * y >= 0, NORTH, SOUTH)
    step = np.where(np.abs(x) >= np.abs(y), across, up)
    return np.where(np.take_along_axis(view.legal, step[None], 0)[0], step, idle(view))


def _drawn(may: Bools, chance: Array) -> Ints:
    """One of what each of K may do, `bool[A, K]`."""
    sums = np.cumsum(may, axis=0, dtype=np.int16)
    return np.asarray((sums <= chance * sums[-1]).sum(axis=0))
