"""Distributions without zeros, of which divergences and their slopes are finite."""

from __future__ import annotations

import numpy as np

from marl.types import Floats

LEAST = 1e-2  # the share of it that is spread over everything


def smoothed(behaviour: Floats) -> Floats:
    """Distributions `float64[..., d]`, a part of each spread over all of it."""
    return np.asarray((1 - LEAST) * behaviour + LEAST / behaviour.shape[-1])
