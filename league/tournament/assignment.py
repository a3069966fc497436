"""What goes to a worker, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from league.ledger import BotRow
from league.work import Work


@dataclass(frozen=True)
class Assignment:
    """A match to play. `bots` are in seat order; `token` is the lease under which its result is accepted.
    `earlier`: how many host errors of this event were attributed to each player before. `opening`: the seed of the
    opening, the same for both games of a pair."""

    pairing: str
    round: int
    players: tuple[str, ...]
    bots: tuple[BotRow, ...]
    seed_index: int
    seed: int
    token: int
    earlier: tuple[int, ...]
    opening: int


@dataclass(frozen=True)
class Played:
    """How a match went, everything per seat in seat order; or `host_error`, and then it counts for nobody.

    `replay` is the replay's file, whole. `attributed_to` are the players who were to act, or to
    start, when the host failed.
    """

    scores: tuple[float, ...] = ()
    returns: tuple[float, ...] = ()
    verdicts: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    plies: int = 0
    replay: bytes = b""
    started: float = 0.0
    finished: float = 0.0
    host_error: str = ""
    attributed_to: tuple[str, ...] = ()


Play: TypeAlias = Work[Assignment, Played]
