"""The logical clock: in which order items end, by how much work they are and not by how long they take.

There are so many logical workers, each with a clock of its own. Whose clock is the earliest takes the next item, and
ends it when its clock has gone on by the item's work. So the order in which items end is a function of the items and
of the number of logical workers, whoever does the work, however fast, and however often it is done again.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Span:
    """When a logical worker begins an item and when it ends it, by the logical clock."""

    worker: int
    begun: float
    due: float


@dataclass
class Clock:
    """`workers` logical workers. `now` is when the last item that has ended did; `going` are those that have not."""

    workers: int
    now: float = 0.0
    going: dict[int, Span] = field(default_factory=dict)

    def begin(self, number: int, work: float) -> Span | None:
        """Give an item to the logical worker that has been idle longest, the first of them; None while all work.

        Who is idle has waited until now: an item is begun no sooner than it is asked for.
        """
        busy = {span.worker for span in self.going.values()}
        idle = [worker for worker in range(self.workers) if worker not in busy]
        if not idle or len(self.going) >= self.workers:  # there may have been more workers before
            return None
        span = self.going[number] = Span(idle[0], self.now, self.now + work)
        return span

    def following(self) -> int | None:
        """The item that ends next: the earliest, of several the one with the least number."""
        return min(self.going, key=lambda number: (self.going[number].due, number), default=None)

    def end(self, number: int) -> None:
        """An item has ended. Out of order, time does not go back."""
        self.now = max(self.now, self.going.pop(number).due)
