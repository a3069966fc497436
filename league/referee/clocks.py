"""Clocks: how long a side may take. They run on the host, never in the bot."""

from __future__ import annotations

from dataclasses import dataclass

from marl.registry.ranges import at_least


@dataclass(frozen=True)
class Clocks:
    """The time control, in seconds.

    A side has `start` to get ready, then `move` for each move; what a move takes beyond that comes out of `bank`, and
    each move puts `increment` into it. So `move=1, bank=60` is a second a move with a minute of overtime, and
    `move=0, bank=180, increment=2` is blitz chess. Raises ValueError for what no bot could keep to.
    """

    start: float = 10.0
    move: float = 1.0
    bank: float = 0.0
    increment: float = 0.0

    def __post_init__(self) -> None:
        at_least(self, 0, "start", "move", "bank", "increment")
        if self.start == 0 or self.move + self.bank == 0:
            raise ValueError("a bot needs some time to start, and some time (move or bank) for its first move")


@dataclass(frozen=True)
class Output:
    """How much a bot may write on its standard output, in bytes: in one line, and in one match."""

    line: int = 1 << 16
    match: int = 1 << 24

    def __post_init__(self) -> None:
        at_least(self, 64, "line", "match")


@dataclass(slots=True)
class Spent:
    """What one side spent, in seconds: to start, on all its moves, and on the slowest. `bank` is what is left."""

    bank: float
    start: float = 0.0
    total: float = 0.0
    worst: float = 0.0
    moves: int = 0

    def book(self, clocks: Clocks, seconds: float) -> bool:
        """Enter a move that took `seconds`; False where that was too long."""
        self.moves += 1
        self.total += seconds
        if seconds > self.worst:
            self.worst = seconds
        over = seconds - clocks.move
        if over > 0:
            if over > self.bank:
                self.bank = 0.0
                return False
            self.bank -= over
        self.bank += clocks.increment
        return True
