"""A game that some sides learn together: what is worth what, given how everybody plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from marl.exact import SequenceForm
from marl.types import Array, Floats, Ints
from marl_tabular.layout import Layout


@dataclass(frozen=True)
class Seen:
    """How a side plays, as the learner meets it: with probability `own` as the learner itself, else by `fixed`.

    `fixed` is a plan `float64[S]`, weighted already; None where it is always the learner.
    """

    own: float
    fixed: Floats | None


class LearnersGame:
    """The sequence form with slots instead of sequences (see `Layout`). `seen[m]`: who plays side `m`."""

    def __init__(self, form: SequenceForm, seen: Sequence[Seen]) -> None:
        self.form, self.seen = form, seen
        self.layouts = [Layout(decisions) for decisions in form.players]
        self.fixed: Mapping[int, Floats] = {
            side: layout.spread(one.fixed)
            for side, (layout, one) in enumerate(zip(self.layouts, seen, strict=True))
            if one.fixed is not None
        }
        self.meet: list[Ints] = [
            layout.slots[form.sequence[:, side]] for side, layout in enumerate(self.layouts)
        ]  # int64[Z] each
        self._matrices = [self._matrix(side) for side in (0, 1)] if len(self.layouts) == 2 else None

    def _matrix(self, side: int) -> sparse.csr_matrix:
        """What a side of two earns where its slot meets the other's."""
        shape = (self.layouts[side].size, self.layouts[1 - side].size)
        return sparse.csr_matrix((self.form.payoff[:, side], (self.meet[side], self.meet[1 - side])), shape=shape)

    def gradient(self, side: int, plans: Sequence[Floats]) -> Floats:
        """What each slot is worth to a side where the match ends right after it, against the learner's flat `plans`."""
        if self._matrices is not None:
            return np.asarray(self._matrices[side] @ self.met(1 - side, plans))
        worth = self.form.payoff[:, side].copy()
        for other, meet in enumerate(self.meet):
            if other != side:
                worth *= self.met(other, plans)[meet]
        return np.bincount(self.meet[side], worth, self.layouts[side].size).astype(np.float64, copy=False)

    def met(self, side: int, plans: Sequence[Floats]) -> Floats:
        """The flat plan by which a side plays, for the others."""
        if side not in self.fixed:
            return plans[side]
        return self.seen[side].own * plans[side] + self.fixed[side]


def alike(own: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    """Whether these are tables of the same names and shapes."""
    return {name: array.shape for name, array in own.items()} == {name: array.shape for name, array in other.items()}
