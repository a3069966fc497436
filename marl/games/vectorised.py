"""Matches as arrays: what all vectorised games share, turn-based, simultaneous or of one agent.

A game declares its fields once, as the values that one fresh match has; here they become arrays whose first axis is
the lane. Resetting, copying, saving and loading matches then need nothing from the game.
"""

from __future__ import annotations

import abc
import copy
import json
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from marl.env import EnvSpec, Lanes, Searchable, Turn
from marl.errors import UserError
from marl.games.actions import ActionBatches, no_match
from marl.games.answers import columns, named
from marl.rng import as_keys
from marl.types import Array, ArrayTree, Bools, Ints, Keys

_MAGIC = b"marl-classic/1\n"  # where this format was first used; matches that were saved there still load


class Vectorised(abc.ABC):
    """Lanes of one game. A field named `x` is the attribute `x`, an array `[lanes, ...]`."""

    seed: Keys
    """The seed of each match, `uint64[lanes]`."""
    draws: Ints
    """How often chance has decided something in each match, `int64[lanes]`."""
    tick: Ints
    """How many ticks each match has played, `int64[lanes]`."""
    task: Ints
    """The task of each match, `int64[lanes]`; only in a game whose spec has tasks."""

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        self.spec = spec
        self.lanes = lanes
        self._batches = ActionBatches(spec)
        if spec.state is not None and type(self).state is Vectorised.state:
            raise TypeError(f"{type(self).__qualname__} declares spec.state and has no method state(lanes)")
        fields = self.fields()
        if taken := next((name for name in fields if name in self.common() or hasattr(self, name)), None):
            raise ValueError(
                f"{named(self, 'fields')} has a field {taken!r}, which is the name of something that "
                f"{type(self).__qualname__} has already: call it otherwise"
            )
        self._fresh = {name: np.asarray(value) for name, value in (self.common() | fields).items()}
        self._allocate(lanes)

    @abc.abstractmethod
    def fields(self) -> dict[str, Any]:
        """What a match consists of: the name of each field and its value (a number or an array) at the start."""

    def common(self) -> dict[str, Any]:
        """The fields that every game has."""
        task = {} if self.spec.tasks is None else {"task": np.int64(0)}
        return {"seed": np.uint64(0), "draws": np.int64(0), "tick": np.int64(0)} | task

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        """The columns that `spec.info` declares, each `[L]`, of the tick that was just played in `lanes[L]`.

        It is asked after `play`, of matches that just ended too, and only where the spec declares columns.
        """
        raise NotImplementedError(f"{type(self).__qualname__} declares spec.info and has no method info(lanes)")

    def state(self, lanes: Lanes) -> ArrayTree:
        """The true state, a new array `[L, ...]` (or a tree of them); only needed where `spec.state` is set."""
        raise NotImplementedError(f"{type(self).__qualname__} declares no state")

    def columns(self, lanes: Lanes, fair: Bools) -> dict[str, Array]:
        """`Step.info` for `lanes[L]`: zeros where somebody broke the rules, `~fair[L]`, and nothing was played."""
        if not self.spec.info or type(self).info is Vectorised.info:  # a game may also give them in a `step` of its own
            return {}
        given = columns(self, self.info(lanes[fair]), self.spec.info, int(fair.sum()))
        if fair.all():
            return given
        whole: dict[str, Array] = {}
        for name, column in given.items():
            whole[name] = np.zeros((len(lanes), *column.shape[1:]))
            whole[name][fair] = column
        return whole

    @abc.abstractmethod
    def turn(self, lanes: Lanes) -> Turn:
        """The rows that `lanes` have now."""

    def sized(self, lanes: int) -> Self:
        """The same game with another number of lanes, all of them at the start, before chance has decided anything."""
        other = copy.copy(self)
        other._allocate(lanes)
        return other

    def select(self, index: Array) -> Self:
        """The same game whose lane `i` is a copy of lane `index[i]`."""
        other = copy.copy(self)
        other.lanes = len(index)
        for name in self._fresh:
            setattr(other, name, getattr(self, name)[index])
        return other

    def copy_from(self, other: Searchable, source: Lanes, lanes: Lanes) -> None:
        """Put copies of matches of another environment of this game, or of this one, here; see `Searchable`."""
        for name in self._fresh:
            getattr(self, name)[lanes] = getattr(other, name).take(source, axis=0)

    def save(self, lanes: Lanes) -> bytes:
        """The matches of `lanes`: a line of JSON that names the fields, then their bytes; see `Forkable`."""
        arrays = [np.ascontiguousarray(getattr(self, name)[lanes]) for name in self._fresh]
        header = {"game": type(self).__name__, "lanes": len(lanes), "fields": self._layout()}
        return b"".join([_MAGIC, json.dumps(header).encode(), b"\n", *(array.tobytes() for array in arrays)])

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """Put saved matches into `lanes`; see `Forkable`. Raises UserError where `blob` does not hold such matches."""
        offset = self._check(lanes, blob)
        for name, value in self._fresh.items():
            shape = (len(lanes), *value.shape)
            count = int(np.prod(shape))
            getattr(self, name)[lanes] = np.frombuffer(blob, value.dtype, count, offset).reshape(shape)
            offset += count * value.dtype.itemsize
        if seeds is not None:
            self.seed[lanes] = as_keys(seeds)
        return self.turn(lanes)

    def restart(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> None:
        """Put every field of `lanes` back to the start."""
        seeds = as_keys(seeds)
        given = None if self.spec.tasks is None else self.spec.tasks.given(seeds, tasks)
        for name, value in self._fresh.items():
            getattr(self, name)[lanes] = value
        self.seed[lanes] = seeds
        if given is not None:
            self.task[lanes] = given

    def playing(self, lanes: Lanes, over: Bools) -> None:
        """Raises ValueError where the match of one of `lanes[L]` is `over[L]`."""
        if over.any():
            raise no_match(int(lanes[over][0]))

    def _allocate(self, lanes: int) -> None:
        self.lanes = lanes
        for name, value in self._fresh.items():
            setattr(self, name, np.repeat(value[None], lanes, axis=0))

    def _layout(self) -> list[list[Any]]:
        return [[name, value.dtype.str, list(value.shape)] for name, value in self._fresh.items()]

    def _check(self, lanes: Lanes, blob: bytes) -> int:
        """Where the bytes of the fields begin, once it is certain that `blob` holds matches for `lanes`."""
        offset = blob.find(b"\n", len(_MAGIC)) + 1
        try:
            header = json.loads(blob[len(_MAGIC) : offset]) if blob.startswith(_MAGIC) else {}
        except ValueError:
            header = {}
        game = type(self).__name__
        if header.get("game") != game or header.get("fields") != self._layout():
            raise UserError(f"this blob holds no saved matches of {game} with these parameters, by this version of it")
        if header["lanes"] != len(lanes):
            raise UserError(f"this blob holds {header['lanes']} saved matches, but {len(lanes)} lanes are to take them")
        size = sum(value.nbytes for value in self._fresh.values()) * len(lanes)
        if len(blob) != offset + size:
            raise UserError(
                f"this blob of saved matches should have {offset + size} bytes and has {len(blob)}: it is damaged"
            )
        return offset
