"""The base of games in which the distribution changes what is paid, and not where agents go."""

from __future__ import annotations

from marl.types import Floats
from marl_meanfield.games.plain import Plain
from marl_meanfield.transitions import Moves


class Roaming(Plain):
    """Agents move by `moves`, which whoever derives from this sets: the same at all times, for all populations."""

    moves: Moves

    def push(self, time: int, mass: Floats, distribution: Floats) -> Floats:
        """Steps, then wind."""
        return self.moves.push(mass)

    def pull(self, time: int, values: Floats, distribution: Floats, following: Floats) -> Floats:
        """The transpose."""
        return self.moves.pull(values)
