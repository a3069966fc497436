"""One file of a dataset: whole matches as columns, in the safetensors format, read through a memory map.

Rows stand match by match, within a match tick by tick, within a tick agent by agent. docs/offline.md lists the columns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from marl import tree
from marl.arena import Results, Trajectory
from marl.datasets.header import PartInfo
from marl.errors import RunError
from marl.joint import Ticks
from marl.types import Array, ArrayTree, Ints

ROW = ("agent", "player", "tick", "action", "logp", "reward", "terminated", "truncated")  # columns of every row
_TYPES = {"BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4"}
_TYPES |= {"U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8"}


def packed(windows: Sequence[Trajectory], results: Results, first: int) -> bytes:
    """The file of these matches, all of them whole: the windows of all groups, and what came of the matches.

    `first`: the place of match 0 of these in the dataset.
    """
    ticks = windows[0].ticks
    assert ticks is not None, "the record has whole matches"
    numbers = results.match
    columns: dict[str, ArrayTree] = {"matches": _matches(results, first), "ticks": _ticks(ticks, numbers)}
    for window in windows:
        columns[f"group{window.group}"] = _rows(window, numbers)
    return save({path: np.asarray(leaf, order="C") for path, leaf in tree.leaves(columns)})


def _matches(results: Results, first: int) -> ArrayTree:
    """What is known of each match."""
    names = ("seeds", "players", "returns", "length", "task", "fault", "truncated")
    return {"number": first + results.match, **{name: getattr(results, name) for name in names}}


def _ticks(ticks: Ticks, numbers: Ints) -> ArrayTree:
    """The ticks, match by match, and where those of each match begin (`start`, `int64[M + 1]`)."""
    order = np.lexsort((ticks.tick, ticks.match))
    named = {name: getattr(ticks, name)[order] for name in ("tick", "acted", "earned", "ends")}
    state = {} if ticks.state is None else {"state": tree.take(ticks.state, order)}
    return {"start": _starts(ticks.match[order], numbers), **named, **state}


def _rows(window: Trajectory, numbers: Ints) -> ArrayTree:
    """The rows of a group in the order of the file, and what agents saw last (`final`)."""
    order = np.lexsort((window.agent, window.tick, window.match))
    final = np.flatnonzero(window.last_row[order] >= 0)
    columns: dict[str, ArrayTree] = {name: getattr(window, name)[order] for name in ROW}
    columns["start"] = _starts(window.match[order], numbers)
    columns["observation"] = tree.take(window.observation, order)
    columns["final"] = {"row": final, "observation": tree.take(window.last.observation, window.last_row[order][final])}
    for name in ("mask", "earned"):
        if getattr(window, name) is not None:
            columns[name] = getattr(window, name)[order]
    for name in ("info", "before"):
        if getattr(window, name):
            columns[name] = {key: column[order] for key, column in getattr(window, name).items()}
    return columns


def _starts(match: Ints, numbers: Ints) -> Ints:
    """Where the rows of each match begin, and where the last ones end."""
    return np.append(np.searchsorted(match, numbers), len(match)).astype(np.int64)


@dataclass(eq=False)
class Part:
    """A file of a dataset, mapped into memory: what is not asked for is not read.

    `first`: the place of its first match in the dataset.
    """

    path: Path
    info: PartInfo
    first: int
    checked: bool = False

    @cached_property
    def columns(self) -> dict[str, Any]:
        """All columns as a tree of arrays on the file. Raises RunError where it is missing, cut short or damaged."""
        flat = dict(self._leaves())
        try:
            nested: dict[str, Any] = tree.nest(flat)
            assert len(nested["matches"]["number"]) == self.info.matches
        except (AssertionError, KeyError, TypeError):
            raise self._damaged("its columns are not those that the header says") from None
        return nested

    def check(self) -> None:
        """Raises RunError where a bit of the file is not what was written."""
        if self._content.nbytes != self.info.bytes:
            found = f"{self._content.nbytes:,} bytes, and was written with {self.info.bytes:,}"
            raise self._damaged(f"it has {found}")
        if hashlib.sha256(self._content.data).hexdigest() != self.info.sha256:
            raise self._damaged("its content is not what was written")
        self.checked = True

    def release(self) -> None:
        """Let go of the file, which is mapped again when it is next needed."""
        for name in ("columns", "_content"):
            vars(self).pop(name, None)

    @cached_property
    def _content(self) -> Array:
        try:
            return np.asarray(np.memmap(self.path, np.uint8, "r"))
        except FileNotFoundError:
            raise self._damaged("it is missing") from None
        except (OSError, ValueError) as error:
            raise self._damaged(f"it cannot be read: {error}") from None

    def _leaves(self) -> Iterator[tuple[str, Array]]:
        """Each column by path, on the map. What the header of a safetensors file is: its documentation, "Format"."""
        if not self.checked:
            self.check()
        content = self._content
        begin = 8 + int.from_bytes(content[:8].tobytes(), "little")
        entries = json.loads(content[8:begin].tobytes())
        for path, entry in entries.items():
            first, last = entry["data_offsets"]
            flat = content[begin + first : begin + last].view(_TYPES[entry["dtype"]])
            yield path, flat.reshape(entry["shape"])

    def _damaged(self, why: str) -> RunError:
        return RunError(
            f"{self.path} is damaged: {why}. Restore a backup of it; or remove it and the parts after it, and the same "
            "`marl record` plays their matches again"
        )


def info_of(path: Path, content: bytes, windows: Sequence[Trajectory], results: Results) -> PartInfo:
    """What the header says of a file with this content."""
    ticks, digest = int(results.length.sum()), hashlib.sha256(content).hexdigest()
    return PartInfo(path.name, len(results), ticks, [len(window) for window in windows], len(content), digest)
