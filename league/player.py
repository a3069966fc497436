"""A player: a member of a league."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Player:
    """A named member of the league.

    `sides` are those that it can play: one, or all where the game is symmetric. `opponents` are the players whose
    mixture it was trained against, the heaviest first; `born` is the iteration that added it (0 for those the league
    started with). `checkpoint` is what its training can go on from, or None. `lineage` names the learner that left it
    behind, "" for founders and for who was added; `parent` the player that its own training went on from, "" where it
    began anew. `retired` is the iteration in which it left, or None: it stays in the ledger, and meets nobody any more.
    """

    name: str
    sides: tuple[int, ...]
    snapshot: str
    born: int
    role: str = "main"
    opponents: tuple[str, ...] = ()
    checkpoint: str | None = None
    lineage: str = ""
    parent: str = ""
    retired: int | None = None

    @property
    def population(self) -> str:
        """What its population is called: the first part of its name."""
        return self.name.rpartition("/")[0]
