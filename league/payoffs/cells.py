"""Cells: what a strategy wants to know of the payoffs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.types import Floats


@dataclass(frozen=True)
class Cell:
    """A pairing: `players`, one of each side by its number in `view.populations`.

    `count`: how many matches its mean shall rest on, those that are there already among them; None: as many as their
    source plays, once. Where payoffs are exact one answer is enough for any count.
    """

    players: tuple[int, ...]
    count: int | None = None


def short_of(least: int, count: Floats) -> list[Cell]:
    """The cells that have fewer matches, by how many each has, `[n_0, n_1, ...]`; they are to have as many."""
    return [Cell(tuple(cell), least) for cell in np.argwhere(count < least).tolist()]
