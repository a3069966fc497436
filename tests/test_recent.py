"""What is kept has a bound, whoever asks for how much."""

from __future__ import annotations

import gc
import weakref

from hypothesis import given
from hypothesis import strategies as st

from marl.recent import Recent


class Thing:
    """Somebody who can be watched."""


@given(st.lists(st.integers(0, 30), max_size=200), st.integers(1, 100))
def test_what_is_kept_fits_and_is_what_was_asked_for_last(keys, room):
    made = []
    recent = Recent(lambda key: (made.append(key) or f"value {key}", 1 + key % 7), room)
    for key in keys:
        assert recent(key) == f"value {key}"
        assert recent.taken <= room or len(recent) == 1
    last = list(dict.fromkeys(reversed(keys)))
    before = len(made)
    for key in last[: len(recent)]:
        recent(key)
    assert len(made) == before, "the last ones are still there"


def test_what_is_not_kept_is_gone():
    things = []

    def make(key: int) -> tuple[Thing, int]:
        thing = Thing()
        things.append(weakref.ref(thing))
        return thing, 10

    recent = Recent(make, 35)
    for key in range(50):
        recent(key)
    gc.collect()
    assert sum(thing() is not None for thing in things) == len(recent) == 3


def test_what_cannot_be_made_leaves_nothing():
    recent: Recent[int, int] = Recent(lambda key: (1 // key, 1), 5)
    for _ in range(2):
        try:
            recent(0)
        except ZeroDivisionError:
            continue
        raise AssertionError
    assert len(recent) == 0 and recent.taken == 0
