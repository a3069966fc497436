"""The rows of a tournament's ledger, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BotRow:
    """A version of a player of a tournament. `id` is 0 while the ledger does not have it.

    `kind`: bot, snapshot, policy or person. `content`: the hash of a bot's files, a snapshot's id, or a policy's name.
    `folder`: where the files are, below the event's `bots/`, or "".
    """

    name: str
    kind: str
    author: str
    content: str
    folder: str = ""
    version: int = 1
    submitted: float = 0.0
    id: int = 0


@dataclass(frozen=True)
class MatchRow:
    """A finished match. Everything per seat is in seat order.

    `scores`: what the schedule counts, 1 for a win and 0.5 for a draw between two. `returns`: what the game pays.
    `verdicts`: one word each; `details`: the sentence behind it, or "".
    A match with a `host_error` is void: it has no scores, and `attributed_to` are those who were to act when it came.
    `started`, `finished`: seconds since 1970.
    """

    pairing: str
    round: int
    players: tuple[str, ...]
    bots: tuple[int, ...]
    seed_index: int
    seed: int
    scores: tuple[float, ...]
    returns: tuple[float, ...]
    verdicts: tuple[str, ...]
    details: tuple[str, ...]
    plies: int
    replay: str
    replay_hash: str
    host_error: str = ""
    attributed_to: tuple[str, ...] = ()
    started: float = 0.0
    finished: float = 0.0

    @property
    def void(self) -> bool:
        """Whether it counts for nobody, and is played again."""
        return not self.scores

    @property
    def forfeited(self) -> bool:
        """Whether it was not played, since somebody had left."""
        return "forfeit" in self.verdicts
