"""Kitchens: the five layouts of the paper, and any other as text.

A character is a cell: `X` a counter, a space the floor, `O` onions, `D` dishes, `P` a pot, `S` where soup is served,
and 1, 2, ... the floor where that agent starts. These are overcooked-ai's letters; there are no tomatoes (`T`) here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.errors import suggestion
from marl.types import Array, Ints

FLOOR, COUNTER, ONIONS, DISHES, POT, SERVING = range(6)
DIRECTIONS = np.array([(-1, 0), (1, 0), (0, 1), (0, -1)])  # north, south, east, west: rows and columns
_PLACES = {" ": FLOOR, "X": COUNTER, "O": ONIONS, "D": DISHES, "P": POT, "S": SERVING}
_NEEDED = {"O": "onions", "D": "dishes", "P": "a pot", "S": "a place where soup is served"}

KITCHENS = {
    "cramped_room": """
        XXPXX
        O  2O
        X1  X
        XDXSX""",
    "asymmetric_advantages": """
        XXXXXXXXX
        O XSXOX S
        X   P 1 X
        X2  P   X
        XXXDXDXXX""",
    "coordination_ring": """
        XXXPX
        X 1 P
        D2X X
        O   X
        XOSXX""",
    "forced_coordination": """
        XXXPX
        O X1P
        O2X X
        D X X
        XXXSX""",
    "counter_circuit": """
        XXXPPXXX
        X  2   X
        D XXXX S
        X  1   X
        XXXOOXXX""",
}  # overcooked-ai calls the last one counter_circuit_o_1order


@dataclass(frozen=True)
class Kitchen:
    """A layout. Cells are numbered row by row; C of them, N agents, P pots."""

    height: int
    width: int
    place: Ints
    """What each cell is, `int64[C]`."""
    starts: Ints
    """Where the agents start, `int64[N]`."""

    @property
    def cells(self) -> int:
        """How many cells there are, C."""
        return self.height * self.width

    @property
    def agents(self) -> int:
        """How many agents there are, N."""
        return len(self.starts)

    def where(self, place: int) -> Ints:
        """The cells that are such a place, in their order."""
        return np.flatnonzero(self.place == place)

    def ahead(self) -> Ints:
        """The cell in each direction of each, `int64[C, 4]`; beyond the edge, the cell itself."""
        rows, columns = np.divmod(np.arange(self.cells), self.width)
        there = np.stack([rows, columns], axis=1)[:, None] + DIRECTIONS
        inside = ((there >= 0) & (there < (self.height, self.width))).all(axis=2)
        return np.asarray(np.where(inside, there[..., 0] * self.width + there[..., 1], np.arange(self.cells)[:, None]))

    def at(self, cells: Array) -> Array:
        """Columns and rows of cells, `[..., 2]`: x and y, as in overcooked-ai."""
        return np.stack([cells % self.width, cells // self.width], axis=-1)


def kitchen(layout: str) -> Kitchen:
    """The layout of that name, or the one that the text draws. Raises ValueError where it is neither."""
    if layout not in KITCHENS and "\n" not in layout.strip():
        raise ValueError(
            f"layout: there is no kitchen {layout!r}{suggestion(layout, KITCHENS)}; it is {', '.join(KITCHENS)}, "
            "or rows of characters as a text of several lines"
        )
    rows = [row.strip() for row in KITCHENS.get(layout, layout).strip("\n").splitlines() if row.strip()]
    _check(rows)
    text = "".join(rows)
    starts = np.array([text.index(str(agent)) for agent in range(1, 1 + sum(map(str.isdigit, text)))])
    place = np.array([_PLACES.get(letter, FLOOR) for letter in text])
    return Kitchen(len(rows), len(rows[0]), place, starts)


def _check(rows: list[str]) -> None:
    """Raises ValueError, which says what is wrong, where the rows are no kitchen."""
    if uneven := next((row for row in rows if len(row) != len(rows[0])), None):
        raise ValueError(f"layout: its rows are not equally long: {rows[0]!r} and {uneven!r}")
    text = "".join(rows)
    if unknown := next((letter for letter in text if letter not in _PLACES and letter not in "123456789"), None):
        raise ValueError(f"layout: {unknown!r} is no cell; there are {' '.join('XODPS')}, spaces, and agents 1 to 9")
    if missing := next((letter for letter in _NEEDED if letter not in text), None):
        raise ValueError(f"layout: it needs {_NEEDED[missing]}, {missing!r}")
    digits = sorted(filter(str.isdigit, text))
    if not digits or digits != [str(1 + agent) for agent in range(len(digits))]:
        raise ValueError(f"layout: agents are numbered 1, 2, ..., each once; there are {', '.join(digits) or 'none'}")
    border = rows[0] + rows[-1] + "".join(row[0] + row[-1] for row in rows)
    if open_at := next((letter for letter in border if letter in " 123456789"), None):
        raise ValueError(f"layout: the floor must not reach the edge, where there is {open_at!r}; X is a counter")
