"""Sides that move together from iteration to iteration, and whose last policy counts: what these solvers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

import numpy as np

from marl.types import Array, Floats
from marl_tabular.game import LearnersGame, alike
from marl_tabular.layout import Layout


class Tables(Protocol):
    """One side's tables: flat arrays (see `Layout`), of which `plan` follows from the others."""

    layout: Layout
    plan: Floats

    def play(self) -> None:
        """Bring the plan up to the others."""


T = TypeVar("T", bound=Tables)


class Moving(Generic[T]):
    """The sides that learn, by number, and their checkpoint. `kept`: the arrays that the next iteration depends on."""

    kept: ClassVar[tuple[str, ...]]

    def __init__(self, game: LearnersGame, tables: Mapping[int, T]) -> None:
        self.game, self.tables, self.iterations = game, dict(tables), 0
        self._plans: Sequence[Floats] = [  # those of other sides are not read
            self.tables[n].plan if n in self.tables else np.zeros(layout.size) for n, layout in enumerate(game.layouts)
        ]

    def averages(self) -> dict[int, Floats]:
        """The plan `float64[S]` of each side that learns, as it is now."""
        return {side: table.layout.gather(table.plan) for side, table in self.tables.items()}

    def save(self) -> dict[str, Array]:
        """All that the next iteration depends on: `float64[S - 1]` each, in the order of the game's sequences."""
        return {
            f"{name}_{side}": table.layout.gather(getattr(table, name))[1:]
            for side, table in self.tables.items()
            for name in self.kept
        }

    def fits(self, saved: Mapping[str, Array]) -> bool:
        """Whether these are tables of the same sides of the same game, or of one of its size."""
        return alike(self.save(), saved)

    def load(self, saved: Mapping[str, Array], iterations: int) -> None:
        """Go on from what `save` gave after so many iterations."""
        self.iterations = iterations
        for side, table in self.tables.items():
            for name in self.kept:
                getattr(table, name)[table.layout.slots[1:]] = saved[f"{name}_{side}"]
            table.play()
