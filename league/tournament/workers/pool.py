"""What the host asks of workers, wherever they are."""

from __future__ import annotations

from typing import Protocol

from league.tournament.assignment import Assignment, Played


class Pool(Protocol):
    """Plays assignments, at most `size` at once."""

    size: int

    def start(self, assignment: Assignment) -> None:
        """Begin a match. Only while fewer than `size` are going on."""

    def wait(self, seconds: float) -> list[tuple[Assignment, Played]]:
        """The matches that ended since the last call; waits up to `seconds` for the first one."""

    def close(self) -> None:
        """End all workers, and with them their bots, whatever they are doing."""
