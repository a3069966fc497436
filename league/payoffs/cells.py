"""Cells: what a strategy wants to know of the payoffs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A pairing: `players`, one of each side by its number in `view.populations`.

    `count`: how many matches its mean shall rest on, those that are there already among them; None: as many as their
    source plays, once. Where payoffs are exact one answer is enough for any count.
    """

    players: tuple[int, ...]
    count: int | None = None
