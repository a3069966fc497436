"""The one queue of a league: what it hands out first, and in which order things come back, whoever is first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from league.items.item import CellsItem, Item
from league.items.queue import Due, Queue
from league.payoffs.source import Asked
from league.work import Ended, Failure
from marl.errors import RunError


class Backwards:
    """Workers of whom the one that began last is done first.

    Item n gives 10 n; `faults` says what else happens to n, and how often.
    """

    def __init__(self, size: int, faults: dict[int, tuple[Failure, int]] | None = None) -> None:
        self.size, self.faults, self.going, self.begun = size, faults or {}, list[Item](), list[int]()

    def start(self, item: Item) -> None:
        assert len(self.going) < self.size
        self.going.append(item)
        self.begun.append(number(item))

    def wait(self, seconds: float) -> list[Ended[Item, Any]]:
        item = self.going.pop()
        failure, left = self.faults.get(number(item), (None, 0))
        if failure is None or left == 0:
            return [Ended(item, 10 * number(item))]
        self.faults[number(item)] = (failure, left - 1)
        return [Ended(item, None, failure)]

    def close(self) -> None:
        self.going = []


def number(item: Item) -> int:
    assert isinstance(item, CellsItem)
    return item.asked[0].pairing[0]


def items(*numbers: int) -> Sequence[Item]:
    return [CellsItem(0, (Asked((one,), ("",), 0, 1),)) for one in numbers]


def test_results_come_in_the_order_of_what_was_asked_whoever_is_done_first() -> None:
    pool = Backwards(3)
    assert list(Queue(lambda: pool).do(items(4, 1, 3, 2))) == [40, 10, 30, 20]
    assert pool.begun == [4, 1, 3, 2]


def test_what_may_go_on_meanwhile_takes_the_workers_that_are_left() -> None:
    pool, offered, done = Backwards(3), list(items(7, 8, 9)), list[int]()
    queue = Queue(lambda: pool)

    def offer() -> Due | None:
        return Due(offered.pop(0), done.append, Failure.throw, lambda: None) if offered else None

    queue.offer = offer
    assert list(queue.do(items(1, 2, 3, 4))) == [10, 20, 30, 40]
    assert pool.begun[:4] == [1, 2, 3, 4] and pool.begun.count(7) > 0


def test_a_failure_is_raised_in_its_turn_and_what_comes_after_it_is_given_up() -> None:
    pool = Backwards(1, {2: (Failure("no", error=RunError("no such cell")), 1)})
    queue, found = Queue(lambda: pool), list[Any]()
    with pytest.raises(RunError, match="no such cell"):
        found.extend(queue.do(items(1, 2, 3, 4, 5)))
    assert found == [10] and pool.begun == [1, 2]
    assert list(queue.do(items(6))) == [60]


def test_an_item_whose_worker_died_is_done_again_but_not_for_ever() -> None:
    again: list[Item] = []
    died = Failure("the worker process died (SIGKILL)", died=True)
    queue = Queue(lambda: Backwards(2, {1: (died, 2)}), again.append)
    assert list(queue.do(items(1, 2))) == [10, 20]
    assert [number(item) for item in again] == [1, 1]
    queue = Queue(lambda: Backwards(2, {1: (died, 3)}), again.append)
    with pytest.raises(RunError, match=r"died \(SIGKILL\) 3 times under the payoffs of 1 pairing: if the system"):
        list(queue.do(items(1, 2)))
