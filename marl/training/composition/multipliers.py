"""The Lagrange multipliers of channels that have to keep to a bound; see `marl.training.composition.constraint`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl.training.checkpoint import part
from marl.training.composition.constraint import Constraint
from marl.types import Array, Floats

PREFIX, RECENT = ":multipliers/", ":violations/"  # no channel's name begins so


class Multipliers:
    """The multipliers of channels with a constraint, by full name. A reward that learns, in all but name."""

    def __init__(self, constraints: Mapping[str, Constraint]) -> None:
        self.constraints = dict(constraints)
        self.reset()

    def reset(self) -> None:
        """A cold start."""
        self._integrals = {name: one.start for name, one in self.constraints.items()}
        self._recent = dict.fromkeys(self.constraints, 0.0)

    @property
    def weights(self) -> dict[str, float]:
        """What each channel weighs now."""
        return {name: one.sign * self._multiplier(name) for name, one in self.constraints.items()}

    def samples(self, channels: Mapping[str, Floats]) -> dict[str, Array]:
        """What `fit` needs of these rows."""
        return {f"{PREFIX}{name}": channels[name] for name in self.constraints}

    def fit(self, samples: Mapping[str, Array]) -> dict[str, float]:
        """One step by the rows of an update; the weights that they were paid by, by name."""
        paid = self.weights
        for name, values in part(samples, PREFIX).items():
            if len(values):
                one = self.constraints[name]
                violation = one.violation(float(values.mean()))
                self._integrals[name] = max(0.0, self._integrals[name] + one.rate * violation)
                self._recent[name] += (1 - one.smooth) * (violation - self._recent[name])
        return paid

    def save(self) -> dict[str, Array]:
        """The state, by name."""
        parts = ((PREFIX, self._integrals), (RECENT, self._recent))
        return {f"{prefix}{name}": np.array(value) for prefix, values in parts for name, value in values.items()}

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from a saved state; channels that it knows nothing of start cold."""
        self.reset()
        for prefix, values in ((PREFIX, self._integrals), (RECENT, self._recent)):
            values |= {name: float(value) for name, value in part(state, prefix).items() if name in values}

    def _multiplier(self, name: str) -> float:
        one = self.constraints[name]
        return max(0.0, self._integrals[name] + one.rate * one.damping * self._recent[name])
