"""Work that is shared out among workers: cells of the payoff table, and parts of measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from league.checked.measures import Measures
from league.items.item import CellsItem, Item, PartItem
from league.items.queue import Queue
from league.payoffs.row import PayoffRow
from league.payoffs.source import Asked
from league.services import LeagueServices
from league.value import Value
from league.view import LeagueView

MATCHES = 5_000  # of an item at least, where more are asked for: below, starting costs more than workers bring


@dataclass(frozen=True)
class SharedSource:
    """A source of payoffs whose cells are found by workers, several at a time; the rows come in the order of cells.

    `matches`: those of the source that the workers have. `iteration` says which one goes on.
    """

    matches: int
    queue: Queue
    iteration: Callable[[], int]

    def fill(self, asked: Sequence[Asked]) -> Iterator[list[PayoffRow]]:
        """See `league.payoffs.source.PayoffSource`."""
        return self.queue.do([CellsItem(self.iteration(), part) for part in shares(asked)])


def shares(asked: Sequence[Asked]) -> Iterator[tuple[Asked, ...]]:
    """What is asked, in its order, in items of at least `MATCHES` matches; exact cells, of none, are one item.

    A share is what comes next, however many workers there are: so a fill that was killed between two goes on with the
    same ones.
    """
    share: list[Asked] = []
    matches = 0
    for one in asked:
        share.append(one)
        matches += one.count
        if matches >= MATCHES:
            yield tuple(share)
            share, matches = [], 0
    if share:
        yield tuple(share)


def measured(
    measures: Measures, view: LeagueView, queue: Queue, lend: Callable[[Item], LeagueServices]
) -> Mapping[str, Value]:
    """What is measured at the end of `view.iterations[-1]`, by name: all parts of all measures side by side.

    `lend` gives services to those without parts, which look at the view here.
    """
    number, parts = view.iterations[-1].number, {one.name: one.parts(view) for one in measures}
    items = [
        PartItem(number, one.component, index, part)
        for one in measures
        for index, part in enumerate(parts[one.name] or ())
    ]
    results, found = queue.do(items), dict[str, Value]()
    for one in measures:
        mine = parts[one.name]
        services = lend(PartItem(number, one.component, 0, None))
        value = one.value(view, services, None if mine is None else [next(results) for _ in mine])
        if value is not None:
            found[one.name] = value
    return found
