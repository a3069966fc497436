"""What adapters of other libraries share: boxes whose entries have bounds of their own, and action masks.

A `Box` has one pair of bounds. Policies of real actions work in units of it, so an entry whose own bounds are a
hundredth of its box's could hardly be aimed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from marl.space import LIMIT, Box, Discrete, MultiDiscrete, Space, empty_choices, mask_width
from marl.types import Array, Bools

Convert = Callable[[Array], Array]  # `[..., *shape]` as policies act -> the same shape as the library wants it


def box_actions(low: Array, high: Array, dtype: str) -> tuple[Box, Convert]:
    """The box in which policies act, and what carries actions to a box with the bounds `low`, `high` (`[*shape]`).

    Bounds that are the same for all entries are kept. Else a real entry with two bounds is acted in by numbers in
    [-1, 1] that are stretched to them, as gymnasium.wrappers.RescaleAction does, and one that lacks a bound by numbers
    of its own, clipped to the bound that it has; whole numbers lie between the loosest bounds, clipped to their own.
    A bound beyond `marl.space.LIMIT`, such as the greatest float32, is none.
    """
    shape, kind = low.shape, np.dtype(dtype)
    own = "float32" if kind.itemsize < 4 and kind.kind == "f" else str(kind)  # networks act in float32 and float64
    if kind.kind != "f":
        bounds = (float(low.min()), float(high.max())) if low.size else (-np.inf, np.inf)
        return Box(shape, *bounds, own), lambda action: np.clip(action, low, high).astype(kind)
    low, high = (np.where(abs(wide) > LIMIT, np.copysign(np.inf, wide), wide) for wide in map(np.float64, (low, high)))
    if low.size == 0 or ((low == low.flat[0]).all() and (high == high.flat[0]).all()):
        bounds = (float(low.flat[0]), float(high.flat[0])) if low.size else (-np.inf, np.inf)
        return Box(shape, *bounds, own), lambda action: action.astype(kind)
    stretched = np.isfinite(low) & np.isfinite(high)
    half = np.where(stretched, high - low, 2.0).astype(np.float64) / 2
    centre = np.where(stretched, low + half, 0.0)
    within = (-1.0, 1.0) if stretched.all() else (-np.inf, np.inf)
    return Box(shape, *within, own), lambda action: np.clip(centre + action * half, low, high).astype(kind)


def action_mask(space: Space, mask: Any) -> Bools:
    """A library's mask of one agent's actions (an array, or a tuple of one for each choice) as `bool[mask_width]`.

    A choice in which it allows nothing allows everything: libraries show such masks where the choice does not matter.
    Raises ValueError where it does not fit the space.
    """
    width, flat = mask_width(space), _flat(mask)
    if width is None or len(flat) != width:
        raise ValueError(f"an action mask has {len(flat)} entries, but there are {width or 'real'} actions")
    allowed = flat.astype(np.bool_)
    empty = empty_choices(space, allowed[None])[0]
    if empty.any():
        allowed |= np.repeat(empty, space.nvec if isinstance(space, MultiDiscrete) else width)
    return allowed


def masked(space: Space) -> bool:
    """Whether actions of this space can be masked."""
    return isinstance(space, Discrete | MultiDiscrete)


def unmasked(observation: Any) -> Any:
    """An observation without the `action_mask` in it: a dict of two parts is its other part then."""
    if not isinstance(observation, Mapping) or "action_mask" not in observation:
        return observation
    rest = {key: part for key, part in observation.items() if key != "action_mask"}
    return rest["observation"] if set(rest) == {"observation"} else rest


def _flat(mask: Any) -> Array:
    if isinstance(mask, tuple | list):
        return np.concatenate([_flat(part) for part in mask]) if len(mask) else np.zeros(0)
    return np.asarray(mask).reshape(-1)
