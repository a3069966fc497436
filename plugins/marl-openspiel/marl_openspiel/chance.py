"""Chance from counters: the numbers of `marl.rng`, one at a time, in plain Python integers.

An array operation on one number costs more than OpenSpiel's whole move, so this repeats SplitMix64's finaliser without
arrays; a test holds it equal to `marl.rng`.
"""

from __future__ import annotations

from collections.abc import Sequence

CHANCE = 0x0C8A11CE  # sets chance apart from the players' keys, which are mixed from the same seed

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_STREAM = 0xD1B54A32D192ED03


def _finalise(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def stream(seed: int) -> int:
    """`rng.mix(seed, CHANCE)`: where a match's chance begins."""
    state = _finalise((seed + _GOLDEN) & _MASK)
    return _finalise(((state ^ CHANCE) + _GOLDEN) & _MASK)


def uniform(stream: int, draw: int) -> float:
    """`rng.uniform(rng.mix(seed, CHANCE, draw))`, in `[0, 1)`."""
    key = _finalise(((stream ^ draw) + _GOLDEN) & _MASK)
    return (_finalise(((key ^ _STREAM) + _GOLDEN) & _MASK) >> 11) * (1.0 / (1 << 53))


def pick(outcomes: Sequence[tuple[int, float]], point: float) -> int:
    """The outcome at `point` of `[0, 1)`; rounding never lands on an outcome of probability zero."""
    chosen = outcomes[0][0]
    for action, probability in outcomes:
        if probability > 0:
            chosen = action
            point -= probability
            if point < 0:
                break
    return chosen
