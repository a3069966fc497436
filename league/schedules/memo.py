"""Remembering rounds that were worked out before, so that asking again costs little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """One value a round, kept as long as the key of this round and of all rounds before it stay the same."""

    def __init__(self) -> None:
        self._known: list[tuple[object, T]] = []

    def get(self, round: int, key: object, make: Callable[[], T]) -> T:
        """The value of `round` (from 0, asked for in order), made anew if a key up to here has changed."""
        if round < len(self._known) and self._known[round][0] == key:
            return self._known[round][1]
        del self._known[round:]
        value = make()
        self._known.append((key, value))
        return value
