"""Diversity: what it is worth that a new player is other than those who are known. One small file each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from marl.types import Floats


@dataclass(frozen=True, eq=False)
class Known:
    """A population of n players that a new one shall differ from, and m players whom they meet.

    `table`: `float64[n, m]`, what each earns against each, the largest about 1. `behaviours`: `float64[n, d]`, how each
    behaves: a distribution over d ways in which a match may go, as far as it is the player's doing. `weights`:
    `float64[n]`, the meta-strategy.
    """

    table: Floats
    behaviours: Floats
    weights: Floats


@dataclass(frozen=True, eq=False)
class Gain:
    """What a new player's diversity is worth, and its slopes by the row that it would have and by its behaviour.

    `by_row`: `float64[m]`; `by_behaviour`: `float64[d]`.
    """

    value: float
    by_row: Floats
    by_behaviour: Floats


class Diversity(Protocol):
    """Made by calling a registered target with its parameters."""

    def __call__(self, known: Known, row: Floats, behaviour: Floats) -> Gain:
        """The gain of a player who earns `row`, `float64[m]`, and behaves so, `float64[d]`."""
