"""What `marl plugins check` does to a curriculum: it hears of some matches, and is saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from marl.algorithm import Checkpoint
from marl.errors import RunError
from marl.registry import Descriptor
from marl.testing.games.corridor import SPEC
from marl.training.practice import Practice


def practises(descriptor: Descriptor, params: Mapping[str, Any]) -> None:
    """Let a curriculum hear of some matches, save and load."""
    one, other = (Practice({"name": descriptor.full_name, **params}, SPEC) for _ in range(2))
    one.learn(np.array([0, 1, 1]), np.array([1.0, 0.0, 1.0]))
    other.load(Checkpoint(one.save(), {}))
    if not np.array_equal(one.weights(), other.weights()):
        raise RunError(
            f"{descriptor.full_name} has other weights after it was saved and loaded: save all that it knows"
        )
