"""A scripted forager: it goes to what it needs more, food or water, by the shortest way it sees, and fights nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.space import Tree
from marl.types import Array, Bools, Floats, Ints, Keys
from marl_manyagent.foraging_world.rules import ACROSS, DOWN, FULL, MASTERY, MEAL, MELEE, MOVE, STAY
from marl_manyagent.foraging_world.sight import SELF, TILES

_FAR = 1e6
_WAYS = np.arange(MOVE, MELEE)
TURNS = 0.95  # with luck above it, a way that is open is left


@dataclass
class ForagerParams:
    """Parameters of the forager."""

    specialise: bool = False
    """Whether it prefers the kind of food that it has practised most."""


class Forager:
    """See above; where it sees nothing that it needs, it goes straight on until something is in the way.

    Raises UserError where the game is another.
    """

    def __init__(self, spec: EnvSpec, params: ForagerParams | None = None, snapshot: Snapshot | None = None) -> None:
        for group in spec.groups:
            if not isinstance(group.observation, Tree) or not {"tiles", "entities", "self"} <= set(
                group.observation.fields
            ):
                raise UserError("manyagent/forager plays manyagent/foraging_world alone")
        self._params = params or ForagerParams()

    def memory(self, rows: int) -> Array:
        """Which way it went, 0 for none: `int64[rows, 1]`."""
        return np.zeros((rows, 1), dtype=np.int64)

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Where the next cell of the shortest way is, or straight on."""
        assert memory is not None
        tiles = np.asarray(rows.observation["tiles"]) > 0
        own = dict(zip(SELF, np.asarray(rows.observation["self"]).T, strict=True))
        free = ~(tiles[..., TILES.index("water")] | tiles[..., TILES.index("stone")])
        free &= ~(tiles[..., TILES.index("own")] | tiles[..., TILES.index("other")])
        middle = tiles.shape[1] // 2
        free[:, middle, middle] = True
        food = tiles[..., TILES.index("ripe")] & free
        if self._params.specialise:
            for kind, other in (("forest", "field"), ("field", "forest")):
                best = own[f"skill_{kind}"] > np.maximum(own[f"skill_{other}"], 2 / MASTERY)
                liked = food & tiles[..., TILES.index(kind)]
                food = np.where((best & liked.any(axis=(1, 2)))[:, None, None], liked, food)
        drink = _beside(tiles[..., TILES.index("water")], np.logical_or, False) & free
        thirsty = (own["water"] < own["food"]) | (own["food"] > 1 - MEAL / FULL)
        goal = np.where(thirsty[:, None, None], drink, food)
        other = np.where(thirsty[:, None, None], food, drink)
        goal = np.where(goal.any(axis=(1, 2))[:, None, None], goal, other)
        action = self._way(free, goal, memory[:, 0], rng.uniform(keys), middle)
        return Acts(action, np.zeros(len(rows)), None, np.where(action >= MOVE, action, memory[:, 0])[:, None])

    def _way(self, free: Bools, goal: Bools, before: Ints, luck: Floats, middle: int) -> Ints:
        """The move to make, `int64[K]`, where `free` and `goal` `bool[K, V, V]` are cells, `before` `int64[K]` the move
        that came before, and `luck` `float64[K]`.
        """
        distance = np.where(goal, 0.0, _FAR)
        for _ in range(3 * middle):
            distance = np.where(free, np.minimum(distance, 1 + _beside(distance, np.minimum, _FAR)), _FAR)
        here, (down, across) = distance[:, middle, middle], (middle + DOWN[_WAYS], middle + ACROSS[_WAYS])
        there, passes = distance[:, down, across], free[:, down, across]  # [K, 4]
        straight = np.where(before > 0, before, MOVE + (4 * luck).astype(np.int64))
        blocked = ~passes[np.arange(len(free)), straight - MOVE] | (luck > TURNS)
        lots = rng.uniform(rng.mix(luck.view(np.uint64)[:, None], np.arange(4)[None]).ravel()).reshape(-1, 4)
        wander = np.where(blocked, MOVE + (passes * (1 + lots)).argmax(axis=1), straight)
        move = np.where(here < _FAR, MOVE + there.argmin(axis=1), wander)
        return np.where((here == 0) | ~passes.any(axis=1), STAY, move)


def _beside(cells: Array, join: Any, outside: Any) -> Array:
    """The four cells beside each, joined: `[K, V, V]`."""
    around = np.pad(cells, ((0, 0), (1, 1), (1, 1)), constant_values=outside)
    lengthwise = join(around[:, :-2, 1:-1], around[:, 2:, 1:-1])
    return np.asarray(join(lengthwise, join(around[:, 1:-1, :-2], around[:, 1:-1, 2:])))
