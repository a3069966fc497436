"""Channels in units of their own deviation, so that one weight fits whatever a channel counts in.

A channel is divided by the deviation of all rows that it has paid so far; its mean is left alone, as taking it away
would pay for long or short matches. The deviation is frozen for an update, as every reward that learns is, and is
part of checkpoints. Nothing is known in the first update, so such a channel pays 0 in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from marl.training.checkpoint import part
from marl.training.networks.moments import Moments
from marl.types import Array, Floats

PREFIX = ":scales/"  # no channel's name begins so


class Scales:
    """The moments of these channels, by full name. A reward that learns, in all but name."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._moments: dict[str, Moments] = {}

    def reset(self) -> None:
        """A cold start."""
        self._moments = {}

    def scaled(self, name: str, values: Floats) -> Floats:
        """A channel `float64[K]` in deviations; as it is where it is none of these."""
        if name not in self.names:
            return values
        deviation = self._deviation(name)
        return values / deviation if deviation > 0 else np.zeros_like(values)

    def samples(self, channels: Mapping[str, Floats]) -> dict[str, Array]:
        """What `fit` needs of these rows."""
        return {f"{PREFIX}{name}": channels[name] for name in self.names}

    def fit(self, samples: Mapping[str, Array]) -> dict[str, float]:
        """Take the rows of an update into account; the deviations, by name."""
        for name, values in part(samples, PREFIX).items():
            if len(values):
                before, new = self._moments.get(name), Moments.of(values[:, None])
                self._moments[name] = new if before is None else before.merged(new)
        return {name: self._deviation(name) for name in self.names}

    def save(self) -> dict[str, Array]:
        """The state, by name."""
        return {
            f"{PREFIX}{name}": np.array([one.count, one.mean[0], one.squares[0]]) for name, one in self._moments.items()
        }

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from a saved state; channels that it knows nothing of start cold."""
        saved = part(state, PREFIX)
        known = {name: np.array(saved[name]) for name in self.names if name in saved}
        self._moments = {name: Moments(float(three[0]), three[1:2], three[2:3]) for name, three in known.items()}

    def _deviation(self, name: str) -> float:
        """0 where nothing is known yet, or where a channel has always paid the same."""
        one = self._moments.get(name)
        deviation = 0.0 if one is None else float(np.sqrt(one.squares[0] / one.count))
        return deviation if deviation > 1e-8 else 0.0
