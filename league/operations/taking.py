"""Taking what was asked of a league: between two iterations, in the order in which it was asked.

Whoever joins or leaves so makes an iteration of its own: payoffs are filled, and the meta-strategy is decided anew,
before the strategy is asked again. So an operation's place in the league's order is the number of that iteration.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from league.ledger.operations import Operation, Operations
from league.player import Player
from league.population.population import Population

ADDED = "added"  # the role of a player that somebody added


@dataclass
class Taking:
    """The operations of a league's ledger, and who is in it. `setting` is a change of settings whose turn has come.

    `iterations`: those in which somebody joined or left so, in order.
    """

    operations: Operations
    population: Population
    setting: Operation | None = None
    iterations: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.iterations = self.operations.iterations()

    def begun(self, iteration: int) -> bool:
        """Whether players joined or left in an iteration already, by operations."""
        return iteration in self.iterations

    def take(self, iteration: int) -> bool:
        """Let what waits take effect in an iteration, up to the next change of settings; whether any of it did."""
        changed = False
        for one in self.operations.waiting():
            if one.kind == "set":
                self.setting = None if changed else one  # the iteration that has begun is concluded first
                return changed
            changed |= self._add(one, iteration) if one.kind == "add" else self._retire(one, iteration)
            if changed and iteration not in self.iterations:
                self.iterations.append(iteration)
        return changed

    def _add(self, one: Operation, iteration: int) -> bool:
        players = [
            Player("", tuple(sides), snapshot, iteration, ADDED) for sides, snapshot in one.data["players"]
        ]  # fmt: skip
        joining = self.population.named(players)
        for id, player in zip(self.operations.take(one.number, iteration, joining), joining, strict=True):
            self.population.join(id, player)
        return True

    def _retire(self, one: Operation, iteration: int) -> bool:
        name = one.data["player"]
        if why := self.population.keeps(name):
            self.operations.refuse(one.number, iteration, why)
            return False
        self.operations.take(one.number, iteration, leaving=[name])
        self.population.retire(name, iteration)
        return True
