"""What `marl plugins check` does to a curriculum: it hears of matches, and of none; it is saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl.algorithm import Checkpoint
from marl.errors import RunError
from marl.registry import Descriptor
from marl.testing.games.corridor import SPEC
from marl.training.practice import Practice
from marl.types import Floats, Ints

_MATCHES: tuple[tuple[list[int], list[float]], ...] = (
    ([0, 1, 1], [1.0, 0.0, 1.0]),
    ([], []),  # an update in which no match ended
    ([3, 0, 2, 1], [0.0, 1.0, 0.5, 0.0]),
)


def practises(descriptor: Descriptor, params: Mapping[str, Any]) -> None:
    """Let a curriculum hear of some matches, save and load, and hear of more.

    Raises RunError where its weights are no shares of tasks, where they do not follow from what it heard, or where it
    saves less than it knows.
    """
    name = descriptor.full_name
    one, same, other = (Practice({"name": name, **params}, SPEC) for _ in range(3))
    for tasks, returns in _MATCHES:
        heard = np.array(tasks, dtype=np.int64), np.array(returns)
        _learn(name, one, *heard)
        _learn(name, same, *heard)
        if not np.array_equal(one.weights(), same.weights()):
            raise RunError(f"{name} has other weights after the same matches: they follow from what it heard alone")
    other.load(Checkpoint(one.save(), {}))
    if not np.array_equal(one.weights(), other.weights()):
        raise RunError(f"{name} has other weights after it was saved and loaded: save all that it knows")
    for curriculum in (one, other):
        _learn(name, curriculum, np.array([2, 2, 3]), np.array([1.0, 0.0, 0.0]))
    if not np.array_equal(one.weights(), other.weights()):
        raise RunError(f"{name} learns otherwise after it was saved and loaded: save all that it knows")


def _learn(name: str, curriculum: Practice, tasks: Ints, returns: Floats) -> None:
    try:
        curriculum.learn(tasks, returns)
    except RunError as error:
        if len(tasks):
            raise
        raise RunError(f"{error} (after an update in which no match ended)") from error.__cause__
