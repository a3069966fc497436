"""Where agents arrive at a time, and in which state each then acts: which may depend on how many arrive with it.

Rows are the P S states of a time and, after them, the V places from which the crowd decides what follows. Agents move
to rows; `settle` sends those in places on to states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from marl.types import Floats, Ints
from marl_meanfield.openspiel.places import Places
from marl_meanfield.openspiel.walk import Walked
from marl_meanfield.transitions import fitting

DIGITS = 12  # totals are rounded to these, so that rounding errors decide nothing


class Arrivals:
    """One time of a game. `row` says which row a place is, by name."""

    def __init__(self, walked: Walked, places: Places, time: int) -> None:
        here = [place for place in walked.places.values() if place.time == time]
        self._states = len(walked.first) * places.states
        self._shape = (len(walked.first), places.states)
        self.open = [place for place in here if len(place.decisions) > 1]
        self.row = {place.name: self._states + index for index, place in enumerate(self.open)}
        states = {
            name: walked.nodes[name].place.population * places.states + places.number[name]
            for place in here
            for name in place.decisions
        }
        self.row.update({place.name: states[place.decisions[0]] for place in here if len(place.decisions) == 1})
        if self.open:
            self._targets = [np.array([states[name] for name in place.decisions]) for place in self.open]
            self._arriving = self._near({place.name: [self.row[place.name]] for place in here}, self.rows)
            settled = {place.name: [states[name] for name in place.decisions] for place in here}
            self._settled = self._near(settled, self._states)

    @property
    def rows(self) -> int:
        """P S + V."""
        return self._states + len(self.open)

    def settle(self, arrived: Floats) -> Floats:
        """From how many are in each row to how many are in each state, `[P, S]`."""
        found = arrived[: self._states].copy()
        if self.open:
            np.add.at(found, self._follow(self._arriving @ arrived), arrived[self._states :])
        return found.reshape(self._shape)

    def spread(self, values: Floats, distribution: Floats) -> Floats:
        """From what states are worth to what rows are, where agents have settled as `distribution` says."""
        worth = values.reshape(-1)
        if not self.open:
            return worth
        return np.concatenate([worth, worth[self._follow(self._settled @ distribution.reshape(-1))]])

    def _follow(self, totals: Floats) -> Ints:
        """The state that follows each open place, where so many are in its support."""
        pairs = zip(self.open, self._targets, np.round(totals, DIGITS), strict=True)
        return np.array([target[np.searchsorted(place.bounds, total, "right")] for place, target, total in pairs])

    def _near(self, rows: Mapping[str, Sequence[int]], count: int) -> Any:
        """Which rows count for an open place, sparse `[V, count]`; `rows`: those of each place, by name."""
        entries = {
            (index, row)
            for index, place in enumerate(self.open)
            for name in place.support
            for row in rows.get(name, ())
        }
        first, second = (np.array(side) for side in zip(*sorted(entries), strict=True))
        return fitting(csr_array((np.ones(len(first)), (first, second)), shape=(len(self.open), count)))
