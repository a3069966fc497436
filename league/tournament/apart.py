"""Matches with the same chance, kept apart, and all matches in an order that tells nothing.

Who plays both games of a meeting with one deal could play the second well if anything came over from the first. The
sandboxes hold what they can (docs/sandboxes.md); here it is seen to that two such games never go on at once, and that
between them there is a moment at which no bot runs at all: a chain of bots that talk with each other, each with the
next one while both are running, breaks there.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field

from league.schedules import Pairing


@dataclass
class Apart:
    """What may start now. `shared`: whether pairings of the same `seed_index` have the same chance in this event."""

    shared: bool
    secret: bytes
    _moments: int = 0  # at which nothing was running
    _ended: dict[int, int] = field(
        default_factory=dict
    )  # seed index -> how many there had been when a match of it ended

    def quiet(self) -> None:
        """Nothing is running now."""
        self._moments += 1

    def ended(self, seed_index: int) -> None:
        """A match with this chance is over, or broken off."""
        self._ended[seed_index] = self._moments

    def may_start(self, pairing: Pairing, running: Collection[int]) -> bool:
        """Whether a match may start now; `running` are the seed indices of those that go on."""
        if not self.shared:
            return True
        index = pairing.seed_index
        return index not in running and self._ended.get(index, -1) < self._moments

    def lot(self, pairing: Pairing) -> bytes:
        """Its place in the order, drawn by the event's secret: it tells nobody which games belong together."""
        return hmac.digest(self.secret, f"order\0{pairing.id}".encode(), "sha256")
