"""Writing spaces, observations and legal actions as JSON, quickly.

An observation is one row of its group's space. Boxes become nested lists; whole numbers are written without a point.
A board of noughts and ones is written into a template of brackets and commas, where only the digits change.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from marl.env import Group, Rows
from marl.snapshot import JSON
from marl.space import Box, Discrete, MultiDiscrete, Space, Tree
from marl.types import Array, ArrayTree

FORMS = ("lists", "base64", "none")
"""How a bot may ask for its observations: nested lists, boxes as raw little-endian bytes in base64, or not at all."""

Writer: TypeAlias = Callable[[ArrayTree], str]
_KEEP = 4096  # texts of legal actions remembered per group


def describe(space: Space) -> dict[str, JSON]:
    """A space as JSON, for `hello`. Bounds that are infinite are null."""
    match space:
        case Box(shape, low, high, dtype):
            bounds = [float(bound) if np.isfinite(bound) else None for bound in (low, high)]
            return {"type": "box", "shape": list(shape), "low": bounds[0], "high": bounds[1], "dtype": dtype}
        case Discrete(n):
            return {"type": "discrete", "n": n}
        case MultiDiscrete(nvec):
            return {"type": "multi_discrete", "nvec": list(nvec)}
        case Tree(fields):
            return {"type": "tree", "fields": {name: describe(field) for name, field in fields.items()}}


def observation_writer(space: Space, form: str) -> Writer:
    """What writes one row of `space`, given as arrays without the axis of rows."""
    match space:
        case Tree(fields):
            parts = [(name, json.dumps(name), observation_writer(field, form)) for name, field in fields.items()]
            return lambda row: "{" + ",".join(f"{key}:{write(row[name])}" for name, key, write in parts) + "}"
        case Discrete():
            return lambda row: str(int(row))
        case MultiDiscrete():
            return lambda row: str(row.tolist())
        case Box(dtype=dtype) if form == "base64":
            little = np.dtype(dtype).newbyteorder("<")
            return lambda row: f'"{base64.b64encode(np.ascontiguousarray(row, dtype=little).tobytes()).decode()}"'
        case Box():
            return _box_writer(space)


def _box_writer(box: Box) -> Writer:
    numbers = _numbers_writer(box)
    if not (box.shape and np.prod(box.shape) and box.low >= 0 and box.high <= 9):
        return numbers
    text = _nested(box.shape, "0").encode()
    template = np.frombuffer(text, dtype=np.uint8)
    places = np.flatnonzero(template == ord("0"))
    whole, zero = np.dtype(box.dtype).kind in "iub", np.uint8(ord("0"))

    def write(row: Array) -> str:
        flat = row.reshape(-1)
        digits = flat.astype(np.uint8)
        if not whole and b"\0" in (digits == flat).tobytes():  # several times faster than all()
            return numbers(row)
        page = template.copy()
        page[places] = digits + zero
        return page.tobytes().decode("ascii")

    return write


def _numbers_writer(box: Box) -> Writer:
    """Any numbers, with as many digits as bring every one of them back exactly."""
    kind = np.dtype(box.dtype).kind
    digits = "%d" if kind in "iub" else "%.17g" if np.dtype(box.dtype).itemsize > 4 else "%.9g"
    pattern = _nested(box.shape, digits)

    def write(row: Array) -> str:
        values = row.reshape(-1).tolist()
        if kind == "f" and not np.isfinite(row).all():
            return _nested(box.shape, "%s") % tuple(digits % v if np.isfinite(v) else "null" for v in values)
        return pattern % tuple(values)

    return write


def _nested(shape: tuple[int, ...], entry: str) -> str:
    if not shape:
        return entry
    return "[" + ",".join([_nested(shape[1:], entry)] * shape[0]) + "]"


class Pen:
    """Writes what the agents of one group see: `"agent":0,"observation":[...],"legal":[...]`."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self._writers = {form: observation_writer(group.observation, form) for form in ("lists", "base64")}
        self._flat = not isinstance(group.observation, Tree)
        self._legal: dict[bytes, str] = {}

    def view(self, rows: Rows, row: int, form: str) -> str:
        """Row `row` of `rows` in a form of `FORMS`; the legal actions only where there is a mask."""
        text = f'"agent":{rows.agent[row]}'
        if form != "none":
            seen = rows.observation[row] if self._flat else _row(rows.observation, row)
            text += f',"observation":{self._writers[form](seen)}'
        if rows.mask is not None:
            mask = rows.mask[row]
            key = mask.tobytes()
            legal = self._legal.get(key)
            if legal is None:
                legal = self._remember(key, mask)
            text += legal
        return text

    def _remember(self, key: bytes, mask: Array) -> str:
        if len(self._legal) >= _KEEP:
            self._legal.clear()
        self._legal[key] = text = (
            f',"legal":{json.dumps(legal_actions(self.group.action, mask), separators=(",", ":"))}'
        )
        return text


def legal_actions(space: Space, mask: Array) -> list[Any]:
    """The actions that a mask allows: numbers, or for `MultiDiscrete` one list of numbers per choice."""
    if not isinstance(space, MultiDiscrete):
        return list(np.flatnonzero(mask).tolist())
    parts = np.split(mask, np.cumsum(space.nvec)[:-1])
    return [np.flatnonzero(part).tolist() for part in parts]


def _row(observation: ArrayTree, row: int) -> ArrayTree:
    if isinstance(observation, dict):
        return {name: _row(part, row) for name, part in observation.items()}
    return observation[row]
