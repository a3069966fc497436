"""The two ways to control a car: three real numbers, or one of twelve choices of them."""

from __future__ import annotations

import numpy as np

from marl.space import Box, Discrete
from marl.types import Array, Ints
from marl_carball.field import Reals

CONTINUOUS = Box((3,), -1.0, 1.0)  # throttle, steering (positive: to the left), boost where it is above 0
CHOICES: Reals = np.array(
    [
        (throttle, steering, boost)
        for throttle, boost in ((-1, -1), (0, -1), (1, -1), (1, 1))
        for steering in (-1, 0, 1)
    ],
    np.float32,
)  # float32[12, 3]: back, roll, forward and boost, each to the right, straight on and to the left
DISCRETE = Discrete(len(CHOICES))


def controls(actions: Array) -> Reals:
    """Throttle, steering and boost `float32[..., 3]` of actions: choices `[...]`, or what they say already."""
    return CHOICES[actions] if actions.dtype.kind in "iu" else np.asarray(actions, np.float32)


def nearest_choice(wanted: Reals) -> Ints:
    """The choice that is nearest to controls `[K, 3]`, `int64[K]`."""
    forward, steering, boost = wanted.T
    throttle = np.rint(np.clip(forward, -1, 1)).astype(np.int64) + 1
    gear = np.where((boost > 0) & (throttle == 2), 3, throttle)
    return np.asarray(3 * gear + np.rint(np.clip(steering, -1, 1)).astype(np.int64) + 1)
