"""People play at the host's own terminal, one match at a time, while everybody else's matches go on in the workers."""

from __future__ import annotations

from collections import deque

from league.tournament.assignment import Assignment, Play, Played
from league.tournament.workers.pool import Pool
from league.tournament.workers.processes import guarded
from marl.printable import printable


class Terminal:
    """Hands matches without people on to `pool`, and plays the others itself while nothing else is to be done."""

    def __init__(self, pool: Pool, play: Play) -> None:
        self.size = pool.size
        self._pool, self._play = pool, play
        self._waiting: deque[Assignment] = deque()

    def start(self, assignment: Assignment) -> None:
        """Begin a match, or put it aside for the person."""
        if any(bot.kind == "person" for bot in assignment.bots):
            self._waiting.append(assignment)
        else:
            self._pool.start(assignment)

    def wait(self, seconds: float) -> list[tuple[Assignment, Played]]:
        """What ended; a person's match is over when this returns."""
        ended = self._pool.wait(0.0 if self._waiting else seconds)
        if not ended and self._waiting:
            assignment = self._waiting.popleft()
            print(printable(f"\nmatch {assignment.pairing}: {' against '.join(assignment.players)}", lines=True))
            ended = [(assignment, guarded(self._play, assignment))]
        return ended

    def close(self) -> None:
        """End the workers."""
        self._pool.close()
