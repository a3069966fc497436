"""What a search asks of whoever judges the positions that it comes to."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from marl.env import Rows, Searchable
from marl.types import Array, Floats, Keys


class Judged(NamedTuple):
    """`values`: `float64[K, S]`, what each side may expect of the match from here on, scaled from -1 to 1.

    `priors`: `float32[K, A]`, probabilities of the mover's actions, 0 where they are illegal; None for no opinion.
    """

    values: Floats
    priors: Array | None


class Evaluator(Protocol):
    """Judges positions, many at once."""

    def judge(self, matches: Searchable, rows: Rows, keys: Keys) -> Judged:
        """Judge the matches in the lanes `rows.lane[K]`, in which it is these rows' turn. `keys`: `uint64[K]`."""
