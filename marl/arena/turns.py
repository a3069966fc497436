"""Turns as named arrays, so that a checkpoint can say what a match looked like and a loaded one be compared with it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl.env import Rows, Turn
from marl.tree import leaves
from marl.types import Array, Bools, Ints


def columns(turn: Turn) -> dict[str, Array]:
    """The rows of every group as `{"0 lane": int64[K], ...}`; groups without rows have none."""
    return {
        f"{group} {name}": array.copy()
        for group, rows in enumerate(turn)
        if rows is not None and len(rows)
        for name, array in _arrays(rows).items()
    }


def same(saved: Mapping[str, Array], found: Turn, lanes: Ints) -> Bools:
    """For each of `lanes[L]`, whether `found` has the rows there that `saved`, of `columns`, has: `bool[L]`."""
    result = np.ones(len(lanes), dtype=np.bool_)
    known = columns(found)
    for group in range(len(found)):
        prefix = f"{group} "
        one, other = ({k: v for k, v in part.items() if k.startswith(prefix)} for part in (saved, known))
        if not one and not other:
            continue
        if set(one) != set(other):  # nobody of this group acts in one of them, or a mask has come or gone
            there = [part[f"{prefix}lane"] for part in (one, other) if part]
            result &= ~np.isin(lanes, np.concatenate(there))
            continue
        for index, lane in enumerate(lanes.tolist()):
            mine, theirs = one[f"{prefix}lane"] == lane, other[f"{prefix}lane"] == lane
            result[index] &= all(_equal(one[name][mine], other[name][theirs]) for name in one)
    return result


def _arrays(rows: Rows) -> dict[str, Array]:
    result = {"lane": rows.lane, "agent": rows.agent, "first": rows.first}
    if rows.mask is not None:
        result["mask"] = rows.mask
    return result | {f"observation {path}": np.asarray(leaf) for path, leaf in leaves(rows.observation)}


def _equal(one: Array, other: Array) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()
