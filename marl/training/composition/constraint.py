"""Weights that hold a constraint: Lagrange multipliers of bounds on what a channel pays on average.

Why: what something may cost is easier to say than what it should weigh against everything else. Where the mean of a
channel over the rows of an update is above `at_most`, its weight falls, so that it is avoided; below, the weight comes
back up, to 0 at most, where the bound costs nothing. With `at_least` it is the other way round. A row is paid
`weight * (channel - bound)`, as in the Lagrangian: without the bound, every row of a long match would cost something,
and who may end a match would learn to. Once an update

    integral = max(0, integral + rate * violation)
    multiplier = max(0, integral + rate * damping * recent)

where `recent` is the running mean of violations. The integral alone (`damping: 0`) is gradient ascent on the
Lagrangian's dual: it answers late, and so multiplier and policy circle around the bound, the more the longer a policy
takes to change. The term in proportion to the violation damps that.
Source: Altman, "Constrained Markov decision processes", 1999; Tessler, Mankowitz, Mannor, "Reward constrained policy
optimization", ICLR 2019 (arXiv:1805.11074), whose penalised reward this is; Stooke, Achiam, Abbeel, "Responsive safety
in reinforcement learning by PID Lagrangian methods", ICML 2020 (arXiv:2007.03964), whose rule it is (as their code has
it: K_I is `rate`, K_P `rate * damping`) without the term for a cost that rises.
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
    damping: float = 20.0
    """How many updates' worth of `rate` the violation of the moment counts beside the sum of all; 0: nothing."""
    smooth: float = 0.9
    """How much of it is kept from update to update, so that one noisy mean counts for less; from 0 to below 1."""
    start: float = 0.0
    """The multiplier at first, at least 0."""

    def __post_init__(self) -> None:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("a constraint has either at_most or at_least; give two channels for two bounds")
        if not self.rate > 0:
            raise ValueError(f"rate must be above 0, not {self.rate}")
        if self.damping < 0:
            raise ValueError(f"damping must not be negative, but it is {self.damping}")
        if not 0 <= self.smooth < 1:
            raise ValueError(f"smooth must be from 0 to below 1, not {self.smooth}")
        if self.start < 0:
            raise ValueError(f"start must not be negative, but it is {self.start}: a multiplier is 0 or more")

    @property
    def sign(self) -> float:
        """What the multiplier is multiplied by to make a weight."""
        return -1.0 if self.at_least is None else 1.0

    @property
    def bound(self) -> float:
        """The most, or the least, that the channel may pay on average."""
        return self.at_most if self.at_most is not None else (self.at_least or 0.0)

    def violation(self, mean: float) -> float:
        """How far a mean is on the wrong side of the bound; below 0 where it is on the right one."""
        return self.sign * (self.bound - mean)
