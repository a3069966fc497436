"""Weights that hold a constraint: Lagrange multipliers of bounds on what a channel pays on average.

Why: what something may cost is easier to say than what it should weigh against everything else. Where the mean of a
channel over the rows of an update is above `at_most`, its weight falls, so that it is avoided; below, the weight comes
back up, to 0 at most, where the bound costs nothing. With `at_least` it is the other way round.
`multiplier = max(0, multiplier + rate * violation)`, once an update, which is gradient ascent on the Lagrangian's dual;
multiplier and policy may circle around the bound where `rate` is large.
Source: Altman, "Constrained Markov decision processes", 1999; Tessler, Mankowitz, Mannor, "Reward constrained policy
optimization", ICLR 2019 (arXiv:1805.11074), whose penalised reward this is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class Constraint:
    """A weight that is learned: so much that the channel's mean over rows keeps to a bound."""

    at_most: float | None = None
    """The most that the channel may pay on average, before it is normalised and clipped; it weighs 0 or less."""
    at_least: float | None = None
    """The least that it must pay; it weighs 0 or more. One of the two."""
    rate: float = 0.05
    """How much the weight changes in an update whose mean is 1 beside the bound."""
    start: float = 0.0
    """The multiplier at first, at least 0."""

    def __post_init__(self) -> None:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("a constraint has either at_most or at_least; give two channels for two bounds")
        if not self.rate > 0:
            raise ValueError(f"rate must be above 0, not {self.rate}")
        if self.start < 0:
            raise ValueError(f"start must not be negative, but it is {self.start}: a multiplier is 0 or more")

    @property
    def sign(self) -> float:
        """What the multiplier is multiplied by to make a weight."""
        return -1.0 if self.at_least is None else 1.0

    def violation(self, mean: float) -> float:
        """How far a mean is on the wrong side of the bound; below 0 where it is on the right one."""
        return mean - self.at_most if self.at_most is not None else (self.at_least or 0.0) - mean
