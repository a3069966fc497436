"""The seeds that PettingZoo's `reset` gets."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.types import Ints, Keys

_RESET = 0x9E77  # sets these seeds apart from the players' keys, which are mixed from the same match seeds


def reset_seeds(seeds: Keys) -> Ints:
    """`reset(seed=...)` of the matches with these seeds `uint64[B]`: 31 bits, as every environment takes."""
    shifted: Ints = (rng.mix(seeds, _RESET) >> np.uint64(33)).astype(np.int64)
    return shifted
