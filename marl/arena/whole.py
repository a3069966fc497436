"""Whole matches: what a recorder keeps of ticks, and which matches are over and wait to be handed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from marl import space, tree
from marl.arena.columns import Columns
from marl.arena.play import Play
from marl.env import EnvSpec, Step
from marl.errors import RunError
from marl.joint import Ticks
from marl.registry import blamed, load_registry
from marl.types import Array, ArrayTree, Bools, Ints

_TICKS, _OPEN = "ticks/", "open rows"


class WholeMatches:
    """The ticks of matches in progress and of those that wait, each once. `states`: whether the true state is kept.

    `open`: `int64[lanes]`, how many rows of learners there are of the match in progress on each lane.
    """

    def __init__(self, spec: EnvSpec, lanes: int, states: bool) -> None:
        self._side_of, self._sides = spec.side_of, len(spec.sides)
        self._member = np.eye(self._sides)[self._side_of]  # [N, S]
        self._state = spec.state if states else None
        none = {} if self._state is None else space.zeros(self._state, 0)
        self._shapes = {path: leaf.shape[1:] for path, leaf in tree.leaves(none)}
        self._columns = self._none()
        self._clock = -1  # of the tick that was begun last
        self._now: Ints = np.zeros(lanes, dtype=np.int64)  # where that is, by lane
        self.open: Ints = np.zeros(lanes, dtype=np.int64)

    def begin(self, play: Play) -> None:
        """Write down a tick of all lanes that are playing, the first time that it is called at that tick."""
        if play.clock != self._clock:
            self._clock = play.clock
            self._now[play.live] = self._append(play, play.live)

    def acted(self, lanes: Ints, agents: Ints) -> None:
        """These learners have own turns at this tick."""
        self._columns["acted"][self._now[lanes], self._side_of[agents]] = True
        np.add.at(self.open, lanes, 1)

    def stepped(self, play: Play, step: Step) -> None:
        """Write down what this tick did; the matches that are over end with one more."""
        now = self._now[step.lanes]
        self._columns["earned"][now] = step.rewards @ self._member
        ends = np.maximum(step.terminated[:, :, None], 2 * step.truncated[:, :, None]) * (self._member > 0)
        self._columns["ends"][now] = ends.max(axis=1)
        over = step.lanes[step.done]
        if len(over):
            self._append(play, over)
            self.open[over] = 0

    def void(self, play: Play, lanes: Ints) -> None:
        """Forget the matches in these lanes."""
        self.open[lanes] = 0
        match = self._columns["match"]
        self._keep(~np.isin(match, play.match[lanes]))

    def choose(self, play: Play, matches: Sequence[Ints], clocks: Sequence[Ints], limit: int | None) -> Ints:
        """The matches to hand over: as many of those that are over, first come first, as have `limit` rows or more.

        `matches`, `clocks`: of all rows that are kept, `int64[K]` for each group.
        """
        match, clock = np.concatenate(matches), np.concatenate(clocks)
        over = ~np.isin(match, play.match[play.live])
        numbers, which, counts = np.unique(match[over], return_inverse=True, return_counts=True)
        last = np.zeros(len(numbers), dtype=np.int64)
        np.maximum.at(last, which, clock[over])
        order = np.lexsort((numbers, last))
        if limit is None:
            return numbers[order]
        before = np.cumsum(counts[order]) - counts[order]
        return numbers[order[before < limit]]

    def take(self, play: Play, chosen: Ints, waiting: Ints) -> Ticks:
        """The ticks of the `chosen` matches; of the others, those in progress or `waiting` are kept."""
        match = self._columns["match"]
        given = np.isin(match, chosen)
        rows: dict[str, Any] = {
            name: tree.take(column, np.flatnonzero(given)) for name, column in self._columns.all().items()
        }
        self._keep(~given & np.isin(match, np.concatenate([play.match[play.live], waiting])))
        return Ticks(**{"state": None, **rows})

    def save(self) -> dict[str, Array]:
        """All that is kept."""
        ticks = {f"{_TICKS}{path}": leaf.copy() for path, leaf in tree.leaves(self._columns.all())}
        return {**ticks, _OPEN: self.open.copy()}

    def load(self, arrays: dict[str, Array]) -> None:
        """Go on from what `save` gave."""
        flat = {name.removeprefix(_TICKS): leaf for name, leaf in arrays.items() if name.startswith(_TICKS)}
        self._columns = self._none()
        self._columns.append(len(flat["match"]), **tree.nest(flat))
        self.open[...] = arrays[_OPEN]
        self._clock = -1

    def _none(self) -> Columns:
        """No ticks."""
        number, by_side = np.zeros(0, dtype=np.int64), np.zeros((0, self._sides))
        columns = Columns({})
        flags = {"acted": by_side.astype(np.bool_), "earned": by_side, "ends": by_side.astype(np.int64)}
        state = {} if self._state is None else {"state": space.zeros(self._state, 0)}
        columns.append(0, match=number, tick=number, **flags, **state)
        return columns

    def _append(self, play: Play, lanes: Ints) -> Ints:
        count = len(lanes)
        known: dict[str, ArrayTree] = {"match": play.match[lanes], "tick": play.ticks[lanes]}
        by_side = np.zeros((count, self._sides))
        known |= {"acted": by_side.astype(np.bool_), "earned": by_side, "ends": by_side.astype(np.int64)}
        if self._state is not None:
            known["state"] = self._seen(play, lanes)
        return self._columns.append(count, **known)

    def _seen(self, play: Play, lanes: Ints) -> ArrayTree:
        """The true states of these lanes. Raises RunError where the environment does not give what its spec says."""
        assert self._state is not None

        def subject() -> str:
            return load_registry().describe_class(type(play.environment))

        with blamed(subject, "state(lanes)", "a state of each lane, at its end too"):
            state = play.environment.state(lanes)
            found = {path: np.shape(leaf) for path, leaf in tree.leaves(state)}
        wanted = {path: (len(lanes), *shape) for path, shape in self._shapes.items()}
        if found != wanted:
            raise RunError(f"{subject()} gave states of shape {found}, and its spec says {wanted}")
        return state

    def _keep(self, keep: Bools) -> None:
        kept = {name: tree.take(column, np.flatnonzero(keep)) for name, column in self._columns.all().items()}
        self._columns = self._columns.fresh()
        self._columns.append(int(keep.sum()), **kept)
