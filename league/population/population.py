"""Who is in a league: its populations, the names that players get, and how a trained one joins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from league.ledger import Ledger
from league.ledger.orders import Open, Orders
from league.player import Player
from league.work.clock import Span
from marl.job import SELF, Job

ONE = "player"  # what a population is called that plays all sides


class Population:
    """The players of a ledger, in order of birth, to which others are added: a population for each of `sides`, or one.

    `one`: whether a single population plays all sides. `names`: what each population is called, its side or "player".
    `members`: per population, `(id in the ledger, player)`. `joined(id, player)` is told of everyone, first of those
    who are there already.
    """

    def __init__(
        self, sides: Sequence[str], ledger: Ledger, joined: Callable[[int, Player], None], one: bool = False
    ) -> None:
        self.one, self.ledger, self.joined = one, ledger, joined
        self.sides = (ONE,) * len(sides) if one else tuple(sides)
        self.names = self.sides[:1] if one else self.sides
        self.members: list[list[tuple[int, Player]]] = [[] for _ in self.names]
        for id, player in ledger.players():
            self.join(id, player)

    def players(self, upto: int | None = None) -> list[list[Player]]:
        """The players of each population; only those born by iteration `upto` where it is given."""
        return [[p for _, p in members if upto is None or p.born <= upto] for members in self.members]

    def of(self, side: int) -> int:
        """The number of the population that plays a side."""
        return 0 if self.one else side

    def playing(self, sides: Iterable[int]) -> list[tuple[int, ...]]:
        """The sides of each player that one who learned to play `sides` joins as."""
        if self.one:
            return [tuple(range(len(self.sides)))]
        return [(side,) for side in sides]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many players each population has."""
        return tuple(len(members) for members in self.members)

    def found(self, sides: tuple[int, ...], snapshot: str) -> None:
        """Write down a founder."""
        player = self.named([Player("", sides, snapshot, 0, role="founder")])[0]
        self.join(self.ledger.add_player(player), player)

    def take(self, orders: Orders, one: Open, iteration: int, begun: Mapping[int, Span]) -> None:
        """An order's turn has come: whoever comes of it joins, on every side that it learned to play.

        `begun`: what logical workers begin now, which is written down with it.
        """
        order, outcome = one.order, one.outcome
        assert outcome is not None, "an order is taken when it is done"
        met, parent = self.opponents(order.job), self.parent(order.job)
        joining = self.named(
            [
                Player(
                    "", sides, outcome.snapshot, iteration, order.role, met, outcome.checkpoint, order.lineage, parent
                )
                for sides in self.playing(order.job.sides)
                if order.keep == "always" or (order.keep == "new" and self._is_new(sides, outcome.snapshot))
            ]
        )
        for id, player in zip(orders.take(one.number, iteration, joining, begun), joining, strict=True):
            self.join(id, player)

    def named(self, players: list[Player]) -> list[Player]:
        """These with the next names of their populations, of which they are different ones."""
        numbers = [self.of(player.sides[0]) for player in players]
        names = [f"{self.names[number]}/{len(self.members[number])}" for number in numbers]
        return [replace(player, name=name) for player, name in zip(players, names, strict=True)]

    def _is_new(self, sides: tuple[int, ...], snapshot: str) -> bool:
        return all(player.snapshot != snapshot for _, player in self.members[self.of(sides[0])])

    def parent(self, job: Job) -> str:
        """The name of the player that the job goes on from; "" where it begins anew."""
        members = self.members[self.of(job.side)] if job.parent else ()
        return next((player.name for _, player in members if player.checkpoint == job.parent), "")

    def opponents(self, job: Job) -> tuple[str, ...]:
        """The names of the players that the job answers, the heaviest first."""
        weighed: dict[str, float] = {}
        for side, mixture in enumerate(job.opponents):
            members = self.members[self.of(side)]
            names = {player.snapshot: player.name for _, player in reversed(members)}  # the first one's
            for snapshot, weight in mixture:
                if snapshot != SELF:
                    weighed[names[snapshot]] = max(weight, weighed.get(names[snapshot], 0.0))
        return tuple(sorted(weighed, key=lambda name: (-weighed[name], name)))

    def keeps(self, name: str) -> str:
        """Why a player cannot leave, or ""."""
        for members in self.members:
            there = [player.name for _, player in members if player.retired is None]
            if name in there:
                return "" if len(there) > 1 else f"{name} is the last player of its population"
        return f"{name} has left already" if any(name == p.name for all in self.members for _, p in all) else (
            f"there is no player {name}"
        )  # fmt: skip

    def retire(self, name: str, iteration: int) -> None:
        """A player leaves: it keeps its place, and nobody meets it any more."""
        for members in self.members:
            members[:] = [
                (id, replace(player, retired=iteration) if player.name == name else player) for id, player in members
            ]

    def join(self, id: int, player: Player) -> None:
        """Take in a player that the ledger has."""
        self.members[self.of(player.sides[0])].append((id, player))
        self.joined(id, player)
