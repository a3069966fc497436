"""Who is in a league: its players by side, the names they get, and how a trained one joins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from league.ledger import Ledger
from league.view import Player
from marl.job import SELF, Job


class Population:
    """The players of a ledger, in order of birth, to which others are added.

    `members`: per side, `(id in the ledger, player)`. `joined(id, player)` is told of everyone, first of those who are
    there already.
    """

    def __init__(self, sides: Sequence[str], ledger: Ledger, joined: Callable[[int, Player], None]) -> None:
        self.sides, self.ledger, self.joined = tuple(sides), ledger, joined
        self.members: list[list[tuple[int, Player]]] = [[] for _ in self.sides]
        self._admitted = [0 for _ in self.sides]  # since `begin`
        for id, player in ledger.players():
            self._join(id, player)

    def players(self, upto: int | None = None) -> list[list[Player]]:
        """The players of each side; only those born by iteration `upto` where it is given."""
        return [[p for _, p in side if upto is None or p.born <= upto] for side in self.members]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many players each side has."""
        return tuple(len(side) for side in self.members)

    def add(self, player: Player, job: str | None = None) -> None:
        """Write down a player that `job` trained, with the next name of its side."""
        named = replace(player, name=f"{self.sides[player.side]}/{len(self.members[player.side])}")
        self._join(self.ledger.add_player(named, job), named)

    def begin(self) -> None:
        """Another iteration begins: who is admitted from here on is its first, its second, ..., on every side."""
        self._admitted = [0 for _ in self.sides]

    def admit(self, player: Player, job: Job) -> None:
        """Let a trained player join its side, the same as another or not, unless it has before a run was killed."""
        side = player.side
        before = sum(other.born == player.born for _, other in self.members[side])
        if self._admitted[side] == before:
            self.add(player, job.id)
        self._admitted[side] += 1

    def parents(self, job: Job) -> tuple[str, ...]:
        """The player that the job goes on from, then those that it answers, the heaviest first: their names."""
        earlier = [p.name for _, p in self.members[job.side] if job.parent and p.checkpoint == job.parent]
        weighed = []
        for side, mixture in enumerate(job.opponents):
            names = {player.snapshot: player.name for _, player in reversed(self.members[side])}  # the first one's
            weighed += [(-weight, names[snapshot]) for snapshot, weight in mixture if snapshot != SELF]
        return (*earlier[:1], *(name for _, name in sorted(weighed)))

    def _join(self, id: int, player: Player) -> None:
        self.members[player.side].append((id, player))
        self.joined(id, player)
