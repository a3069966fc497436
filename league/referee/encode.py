"""Writing spaces, observations and legal actions as JSON, quickly.

An observation is one row of its group's space. Boxes become nested lists; whole numbers are written without a point.
Boards of small whole numbers, the most frequent observations by far, are written by orjson as bytes; for other numbers
it would choose other digits. Everything is bytes from the start, as the pipe takes it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import orjson

from marl.env import Group, Rows
from marl.snapshot import JSON
from marl.space import Box, Discrete, MultiDiscrete, Space, Tree
from marl.types import Array, ArrayTree

FORMS = ("lists", "base64", "none")
"""How a bot may ask for its observations: nested lists, boxes as raw little-endian bytes in base64, or not at all."""

Writer: TypeAlias = Callable[[ArrayTree], bytes]
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
            parts = [
                (name, json.dumps(name).encode(), observation_writer(field, form)) for name, field in fields.items()
            ]
            return lambda row: b"{" + b",".join(b"%b:%b" % (key, write(row[name])) for name, key, write in parts) + b"}"
        case Discrete():
            return lambda row: b"%d" % int(row)
        case MultiDiscrete():
            return lambda row: str(row.tolist()).encode()
        case Box(dtype=dtype) if form == "base64":
            little = np.dtype(dtype).newbyteorder("<")
            return lambda row: b'"%b"' % base64.b64encode(np.ascontiguousarray(row, dtype=little).tobytes())
        case Box():
            return _box_writer(space)


def _box_writer(box: Box) -> Writer:
    numbers = _numbers_writer(box)
    if not (box.shape and np.prod(box.shape) and box.low >= 0 and box.high <= 255):
        return numbers
    option = orjson.OPT_SERIALIZE_NUMPY

    def write(row: Array) -> bytes:
        small = row.astype(np.uint8, "C")
        # The bytes are compared, since numpy's comparison of unlike types takes several times as long.
        if small.astype(row.dtype).tobytes() != row.tobytes():
            return numbers(row)
        return orjson.dumps(small, option=option)

    return write


def _numbers_writer(box: Box) -> Writer:
    """Any numbers, with as many digits as bring every one of them back exactly."""
    kind = np.dtype(box.dtype).kind
    digits = b"%d" if kind in "iub" else b"%.17g" if np.dtype(box.dtype).itemsize > 4 else b"%.9g"
    pattern = _nested(box.shape, digits)

    def write(row: Array) -> bytes:
        values = row.reshape(-1).tolist()
        if kind == "f" and not np.isfinite(row).all():
            return _nested(box.shape, b"%b") % tuple(digits % v if np.isfinite(v) else b"null" for v in values)
        return pattern % tuple(values)

    return write


def _nested(shape: tuple[int, ...], entry: bytes) -> bytes:
    if not shape:
        return entry
    return b"[" + b",".join([_nested(shape[1:], entry)] * shape[0]) + b"]"


class Pen:
    """Writes what the agents of one group see: `"agent":0,"observation":[...],"legal":[...]`."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self._writers = {form: observation_writer(group.observation, form) for form in ("lists", "base64")}
        self._flat = not isinstance(group.observation, Tree)
        self._legal: dict[bytes, bytes] = {}

    def view(self, rows: Rows, row: int, form: str) -> bytes:
        """Row `row` of `rows` in a form of `FORMS`; the legal actions only where there is a mask."""
        agent = rows.agent.item(row)
        if form == "none":
            text = b'"agent":%d' % agent
        else:
            seen = rows.observation[row] if self._flat else _row(rows.observation, row)
            text = b'"agent":%d,"observation":%b' % (agent, self._writers[form](seen))
        if rows.mask is None:
            return text
        key = rows.mask[row].tobytes()
        legal = self._legal.get(key)
        return text + (self._remember(key, rows.mask[row]) if legal is None else legal)

    def _remember(self, key: bytes, mask: Array) -> bytes:
        if len(self._legal) >= _KEEP:
            self._legal.clear()
        legal = json.dumps(legal_actions(self.group.action, mask), separators=(",", ":"))
        self._legal[key] = text = f',"legal":{legal}'.encode()
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
