"""Expected cardinality: how many players a determinantal point process over the population would draw (DPP-PSRO).

Why: players whose payoffs are alike repel each other in it, so it counts those that do something else, and a player
that raises it enlarges what mixtures of the population can earn. With the table `M` of a population, its kernel
`L = M M'` has the expected cardinality `tr(I - (L + I)^-1)`, which is also `tr(I - A^-1)` of `A = I + M' M`; a further
row `r` adds `r' A^-2 r / (1 + r' A^-1 r)` to it, by the formula of Sherman and Morrison.
Source: Perez-Nieves, Yang, Slumbers, Mguni, Wen and Wang, "Modelling behavioural diversity for learning in open-ended
games", ICML 2021; their code takes rows of length 1 where strategies are learned by gradients (`normalised`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from league.diversity import Gain, Known
from marl.types import Floats


@dataclass
class Params:
    """What a row is."""

    normalised: bool = False
    """Whether rows are scaled to length 1, so that it does not matter how strong a player is."""


class Cardinality:
    """How much a new player adds to the expected cardinality: between 0 and 1."""

    def __init__(self, params: Params | None = None) -> None:
        self.normalised = (params or Params()).normalised

    def __call__(self, known: Known, row: Floats, behaviour: Floats) -> Gain:
        """See `Diversity`. Behaviour does not matter."""
        table, length = known.table, 1.0
        if self.normalised:
            table = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
            length = max(float(np.linalg.norm(row)), 1e-9)
            row = row / length
        once = np.linalg.solve(np.eye(len(row)) + table.T @ table, np.eye(len(row)))
        seen, twice = once @ row, once @ (once @ row)
        above, below = float(row @ twice), 1.0 + float(row @ seen)
        slope = 2 * (twice * below - seen * above) / below**2
        if self.normalised:
            slope = (slope - row * (row @ slope)) / length
        return Gain(above / below, slope, np.zeros_like(behaviour))


def expected_cardinality(table: Floats) -> float:
    """`tr(I - (L + I)^-1)` of `L = M M'`, for the rows of `table`, `M`, `float64[n, m]`."""
    squares = np.linalg.svd(table, compute_uv=False) ** 2
    return float((squares / (1 + squares)).sum())
