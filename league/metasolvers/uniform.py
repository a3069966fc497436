"""The uniform mixture: every player counts alike, however strong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from marl.types import Floats


class Uniform:
    """Weighs the players of a side alike."""

    def __call__(self, payoffs: Sequence[Floats]) -> Sequence[Floats]:
        return [np.full(n, 1.0 / n) for n in payoffs[0].shape]
