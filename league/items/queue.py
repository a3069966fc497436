"""The one queue of a league: its items, on their way to workers and back.

What the league waits for goes first, since nothing else is decided until it is there: questions, cells, parts of
measures. What may go on meanwhile, the jobs of orders, is offered by whoever has them, and takes the workers that are
left. Results come back in the order in which they were asked for, whoever was first: so nothing that is written down
depends on who did the work, or when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from league.items.item import Item
from league.work import Ended, Failure, Pool
from marl.errors import RunError

_TICK = 1.0  # seconds between looks at the workers
_TRIES = 3  # how often an item is begun whose workers die


@dataclass(eq=False)
class Due:
    """An item, and who is told of its end: with what came of it, with a failure, or that its worker `died` under it."""

    item: Item
    ended: Callable[[Any], None]
    failed: Callable[[Failure], None]
    died: Callable[[], object]


class Queue:
    """`pool` makes the workers once they are needed. `tell` is called when something changes.

    `again(item)` is told of an item that is done once more, since its worker died. `offer` gives the next of those that
    may go on meanwhile, or None.
    """

    def __init__(
        self,
        pool: Callable[[], Pool[Item, Any]],
        again: Callable[[Item], None] = lambda item: None,
        tell: Callable[[], None] = lambda: None,
    ) -> None:
        self.offer: Callable[[], Due | None] = lambda: None
        self._make, self._again, self._tell = pool, again, tell
        self._pool: Pool[Item, Any] | None = None
        self._due: deque[Due] = deque()
        self._going: dict[int, Due] = {}  # by the id of the item, which lives as long
        self._tries: dict[str, int] = {}  # by the names of the item

    def do(self, items: Sequence[Item]) -> Iterator[Any]:
        """What comes of these, in their order, each when it and those before it are there.

        Raises, in its turn, what an item failed with; those after it are then given up.
        """
        ended: dict[int, Any] = {}
        mine = [self._awaited(item, partial(ended.__setitem__, number)) for number, item in enumerate(items)]
        self._due.extend(mine)
        try:
            for number in range(len(mine)):
                while number not in ended:
                    self.work()
                found = ended.pop(number)
                if isinstance(found, Failure):
                    found.throw()
                yield found
        finally:
            self._due = deque(due for due in self._due if due not in mine)

    def _awaited(self, item: Item, settle: Callable[[Any], None]) -> Due:
        """An item that somebody waits for: a failure is kept for its turn, and what died goes first again."""
        due = Due(item, settle, settle, lambda: self._due.appendleft(due))
        return due

    def work(self) -> None:
        """Hand out what can be, and wait for workers."""
        pool = self._pool = self._pool or self._make()
        while len(self._going) < pool.size and (due := self._due.popleft() if self._due else self.offer()):
            self._going[id(due.item)] = due
            pool.start(due.item)
        self._tell()
        for ended in pool.wait(_TICK):
            self._settle(ended)

    def close(self) -> None:
        """End the workers, whatever they are doing. What they have not finished is done again by whoever goes on."""
        if self._pool is not None:
            self._pool.close()
        self._pool, self._going = None, {}
        self._due.clear()

    def _settle(self, ended: Ended[Item, Any]) -> None:
        due = self._going.pop(id(ended.item))
        if ended.failure is None:
            due.ended(ended.result)
        elif not ended.failure.died:
            due.failed(ended.failure)
        else:
            names = repr(due.item.names)
            tries = self._tries[names] = self._tries.get(names, 0) + 1
            if tries >= _TRIES:
                raise RunError(
                    f"{ended.failure.text} {tries} times under {due.item}: if the system ends it for want of memory, "
                    "take fewer compute.processes, or smaller jobs; nothing else is lost"
                )
            self._again(due.item)
            due.died()
