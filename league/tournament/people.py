"""People play at the host's own terminal, one match at a time, while everybody else's matches go on in the workers."""

from __future__ import annotations

from collections import deque

from league.tournament.assignment import Assignment, Play, Played
from league.work import Ended, Pool
from league.work.pool import attempt
from marl.printable import printable


class Terminal:
    """Hands matches without people on to `pool`, and plays the others itself while nothing else is to be done."""

    def __init__(self, pool: Pool[Assignment, Played], play: Play) -> None:
        self.size = pool.size
        self._pool, self._play = pool, play
        self._waiting: deque[Assignment] = deque()

    def start(self, item: Assignment) -> None:
        """Begin a match, or put it aside for the person."""
        if any(bot.kind == "person" for bot in item.bots):
            self._waiting.append(item)
        else:
            self._pool.start(item)

    def wait(self, seconds: float) -> list[Ended[Assignment, Played]]:
        """What ended; a person's match is over when this returns."""
        ended = self._pool.wait(0.0 if self._waiting else seconds)
        if not ended and self._waiting:
            match = self._waiting.popleft()
            print(printable(f"\nmatch {match.pairing}: {' against '.join(match.players)}", lines=True))
            ended = [attempt(self._play, match, lambda said: None)]
        return ended

    def close(self) -> None:
        """End the workers."""
        self._pool.close()
