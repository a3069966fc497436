"""What was asked for last, as much of it as there is room for: so that memory does not grow with what there is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Makes values by key, and keeps the last ones that were asked for.

    `make(key) -> (value, bytes)`. `room`: how many bytes all that is kept may take together; the newest is kept
    whatever it takes.
    """

    def __init__(self, make: Callable[[K], tuple[V, int]], room: int) -> None:
        self.make, self.room, self.taken = make, room, 0
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __call__(self, key: K) -> V:
        """The value of a key, made anew where it is not kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
        else:
            self._kept[key] = self.make(key)
            self.taken += self._kept[key][1]
            while self.taken > self.room and len(self._kept) > 1:
                self.taken -= self._kept.popitem(last=False)[1][1]
        return self._kept[key][0]

    def __len__(self) -> int:
        return len(self._kept)
