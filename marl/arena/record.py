"""What is written down of matches that are learned from, besides what always is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """What to write down besides what every row has; see `marl.trajectory.Trajectory`."""

    earned: bool = False
    """What every side earned during each row."""
    before: bool = False
    """The environment's columns as they were when the agent acted."""
    whole: bool = False
    """Rows are handed over when their match is over, and with them what is known of its ticks."""
    state: bool = False
    """With the ticks, the true state before each, where the environment has one; so matches are whole."""

    def __or__(self, other: Record) -> Record:
        """What either asks for."""
        return Record(**{name: value or getattr(other, name) for name, value in vars(self).items()})
