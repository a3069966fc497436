"""The state of any environment that declares one, as numbers: for whoever writes an environment, or a critic for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from marl import tree
from marl.env import Environment, Frame
from marl.errors import UserError
from marl.games import drawing
from marl.registry.ranges import at_least
from marl.types import Array

CELL, GAP, HEAD = 20, 1, 18  # pixels
_HIGH, _LOW = np.array([33, 102, 172]), np.array([178, 24, 43])  # told apart by the colour-blind


@dataclass
class Params:
    """How it is laid out."""

    columns: int = 16
    """Numbers in a line, where a part of the state has fewer than two axes."""
    most: int = 1024
    """How many numbers of each part are drawn."""

    def __post_init__(self) -> None:
        at_least(self, 1, "columns", "most")


class StateDrawer:
    """A cell for each number: blue above 0, red below, darker the farther away, by the largest of its part.

    What changed since the last picture has a dark edge.
    """

    def __init__(self, environment: Environment, params: Params | None = None) -> None:
        if environment.spec.state is None:
            raise UserError("its spec declares no state, which is what this draws")
        self.environment, self.params = environment, params or Params()
        self._last: dict[str, Array] = {}

    def render(self, lane: int) -> Frame:
        """See `marl.drawer.Drawer`."""
        state = self.environment.state(np.array([lane], dtype=np.int64))
        parts = {
            name or "state": self._grid(np.asarray(leaf[0], dtype=np.float64)) for name, leaf in tree.leaves(state)
        }
        changed = {name: grid != self._last.get(name, grid) for name, grid in parts.items()}
        self._last = parts
        return Frame("\n".join(_lines(parts)), _picture(parts, changed))

    def _grid(self, numbers: Array) -> Array:
        """The numbers `[H, W]`; what is too much is left out, what lacks in the last line is NaN."""
        width = numbers.shape[-1] if numbers.ndim > 1 else min(self.params.columns, max(numbers.size, 1))
        flat = numbers.ravel()[: self.params.most]
        padded = np.full(-(-max(flat.size, 1) // width) * width, np.nan)
        padded[: flat.size] = flat
        return padded.reshape(-1, width)


def _lines(parts: dict[str, Array]) -> Iterator[str]:
    for name, grid in parts.items():
        yield f"{name}:"
        yield from ("  " + " ".join(f"{value:>6.3g}" for value in row[~np.isnan(row)]) for row in grid)


def _picture(parts: dict[str, Array], changed: dict[str, Array]) -> str:
    shapes, top = list[str](), 0
    for name, grid in parts.items():
        shapes.append(drawing.text(2, top + HEAD - 5, name, 11, anchor="start"))
        top += HEAD
        farthest = float(np.nanmax(np.abs(grid), initial=0.0)) or 1.0
        for (row, column), value in np.ndenumerate(grid):
            if not np.isnan(value):
                x, y = column * CELL + GAP, top + row * CELL + GAP
                edge = drawing.INK if changed[name][row, column] else drawing.PAPER
                shapes.append(drawing.rect(x, y, CELL - 2 * GAP, CELL - 2 * GAP, _colour(value / farthest), 0, edge))
        top += len(grid) * CELL
    return drawing.svg(max(grid.shape[1] for grid in parts.values()) * CELL, top, shapes)


def _colour(share: float) -> str:
    """From white at 0 to blue at 1 and red at -1."""
    full = _HIGH if share >= 0 else _LOW
    mixed = 255 + (full - 255) * min(abs(share), 1.0)
    return "#" + "".join(f"{int(part):02x}" for part in mixed)
