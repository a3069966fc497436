"""An iteration of a league that is over: what was decided and measured at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from league.payoffs.joint import Drawn
from league.value import Value
from league.weights import Sparse


@dataclass(frozen=True)
class Iteration:
    """One finished iteration; number 0 is the league's start.

    `mixtures[p]` weighs the players of population `p` that were there at its end, in order of birth. `values[p]` is
    what a side of it earns when all follow them, and `margins[p]` half its 95 % interval: 0 where payoffs are exact,
    None where too few matches were played to tell. `measures` are what was measured at its end, by name. `seconds` is
    run time so far, over all resumes. `joint`: where players of all sides are drawn together, the pairings that can
    happen with their probabilities; `mixtures` are then its marginals.
    """

    number: int
    mixtures: tuple[Sequence[float], ...]
    measures: Mapping[str, Value]
    values: tuple[float, ...]
    seconds: float
    margins: tuple[float | None, ...] = ()
    joint: Drawn | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "mixtures", tuple(map(Sparse, self.mixtures)))

    @property
    def worth(self) -> tuple[tuple[float, float | None], ...]:
        """What a side of each population earns, and half its 95 % interval; older ledgers' are taken as exact."""
        return tuple(zip(self.values, self.margins or (0.0,) * len(self.values), strict=True))
