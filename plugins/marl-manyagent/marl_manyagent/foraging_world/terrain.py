"""The map: smooth noise, cut at quantiles, so that all maps have as much of everything.

Codes of cells: what grows there is one more where it is ripe. Maps have a border of stone; where the map itself ends,
two rows of grass go around it, on which agents begin.
"""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.types import Array, Floats, Keys

GRASS, FOREST, FIELD, WATER, STONE = 0, 1, 3, 5, 6
NEVER = np.iinfo(np.int32).max  # when that ripens on which nothing grows
EDGE = 2  # rows of grass around the map
_COARSE, _FINE = 8, 3  # cells between the points of the noise
_SHARES = ((FIELD, 0.16, _COARSE), (FOREST, 0.16, _COARSE), (STONE, 0.08, _FINE), (WATER, 0.08, _FINE))


def terrain(keys: Keys, size: int, border: int) -> Array:
    """Maps for `keys[L]`, `uint8[L, W, W]` with W the size and two borders: codes of cells on which nothing is ripe."""
    maps = np.full((len(keys), size + 2 * border, size + 2 * border), STONE, dtype=np.uint8)
    inner = np.full((len(keys), size, size), GRASS, dtype=np.uint8)
    for layer, (code, share, scale) in enumerate(_SHARES):
        noise = _noise(rng.extend(keys, layer), size, scale)
        inner[noise > np.quantile(noise, 1 - share, axis=(1, 2), keepdims=True)] = code
    for edge in (inner[:, :EDGE], inner[:, -EDGE:], inner[:, :, :EDGE], inner[:, :, -EDGE:]):
        edge[...] = GRASS
    maps[:, border : border + size, border : border + size] = inner
    return maps


def grows(codes: Array) -> Array:
    """Whether something to eat grows on cells with these codes."""
    return np.asarray((codes == FOREST) | (codes == FIELD))


def passable(codes: Array) -> Array:
    """Whether agents can go to cells with these codes."""
    return np.asarray(codes < WATER)


def _noise(keys: Keys, size: int, scale: int) -> Floats:
    """Numbers at points `scale` cells apart, and between them what is between: `float64[L, size, size]`."""
    points = size // scale + 2
    drawn = rng.uniform(rng.extend(keys[:, None], np.arange(points**2)[None]).ravel())
    place = np.arange(size) / scale
    low = place.astype(np.int64)
    weights = np.zeros((size, points))
    weights[np.arange(size), low] = 1 - (place - low)
    weights[np.arange(size), low + 1] = place - low
    return np.asarray(weights @ drawn.reshape(-1, points, points) @ weights.T)
