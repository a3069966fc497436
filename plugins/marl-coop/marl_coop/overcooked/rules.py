"""What an interaction does, in overcooked-ai's rules, as one table that is looked up for all lanes at once."""

from __future__ import annotations

from itertools import product

import numpy as np

from marl.types import Ints
from marl_coop.overcooked.kitchens import COUNTER, DISHES, ONIONS, POT, SERVING

FULL = 3  # onions in a pot
NOTHING, ONION, DISH, SOUP = range(4)  # in hands and on counters; SOUP + n - 1 is a soup of n onions
ITEMS = SOUP + FULL
COOKING, READY = FULL + 1, 2 * FULL + 1
# in a pot: up to FULL onions that do not cook yet, then COOKING + n - 1 and READY + n - 1 with n onions
CONTENTS = READY + FULL

NONE, POTTED, DISH_TAKEN, SOUP_TAKEN, SERVED, WASTED = range(6)  # what happened


def interact(place: int, held: int, content: int, automatic: bool) -> tuple[int, int, int]:
    """What is held then, what the place holds then, and what happened, where an agent interacts with a place.

    `automatic`: whether a pot starts to cook when it is full (the paper; `old_dynamics` of overcooked-ai). If not, it
    starts when somebody with empty hands interacts with it, however many onions are in it.
    """
    if place == COUNTER and (held == NOTHING) != (content == NOTHING):
        return content, held, NONE
    if place == ONIONS and held == NOTHING:
        return ONION, content, NONE
    if place == DISHES and held == NOTHING:
        return DISH, content, DISH_TAKEN
    if place == POT and held == ONION and content < FULL:
        return NOTHING, (COOKING + FULL - 1 if automatic and content + 1 == FULL else content + 1), POTTED
    if place == POT and held == DISH and content >= READY:
        return SOUP + content - READY, NOTHING, SOUP_TAKEN
    if place == POT and held == NOTHING and 0 < content <= FULL and not automatic:
        return NOTHING, COOKING + content - 1, NONE
    if place == SERVING and held >= SOUP:
        return NOTHING, content, SERVED if held == SOUP + FULL - 1 else WASTED
    return held, content, NONE


def table(automatic: bool) -> Ints:
    """`interact` for every place, thing held and content, its answers along the last axis: `int64[6, 6, 10, 3]`."""
    cases = product(range(6), range(ITEMS), range(CONTENTS))
    answers = [interact(place, held, content, automatic) for place, held, content in cases]
    return np.array(answers).reshape(6, ITEMS, CONTENTS, 3)
