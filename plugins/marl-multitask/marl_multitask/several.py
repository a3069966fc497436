"""Several environments as one. Each match is of one of them: its task, so curricula choose what is practised.

Agents see what they would see in the environment itself, and which it is; what they may not do there is masked. Who has
no part in a task never has a turn: its part ends when the match does. Columns of `info` are not handed on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar, cast

import numpy as np

from marl import rng, space
from marl.env import Actions, Environment, Forkable, Frame, Lanes, LanesFailed, Rows, Step, Turn
from marl.games.actions import ActionBatches, no_match
from marl.registry import ENVIRONMENTS, load_registry
from marl.types import Array, ArrayTree, Bools, Ints, Keys
from marl_multitask.joined import TASK, VIEW, joined
from marl_multitask.params import SeveralParams

T = TypeVar("T", Turn, Step)
_WITHIN = 0x5E7E  # sets the draw of an environment's own tasks apart from that of which environment is played


class Several:
    """An `Environment` made of others, by name."""

    def __init__(self, environments: dict[str, Environment]) -> None:
        self.environments, self.names = list(environments.values()), tuple(environments)
        self.lanes = self.environments[0].lanes
        self.spec, self._seats, self._views = joined({name: one.spec for name, one in environments.items()})
        self._batches = ActionBatches(self.spec)
        self._group = self.spec.groups[0]
        self.task = np.full(self.lanes, -1)
        self._acts = np.zeros((self.lanes, len(self.spec.agents)), np.bool_)

    @property
    def remarks(self) -> dict[str, int]:
        """See `marl.env.Remarking`: what all of them say."""
        return {text: count for one in self.environments for text, count in getattr(one, "remarks", {}).items()}

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """See `Environment.reset`."""
        assert self.spec.tasks is not None
        self.task[lanes] = self.spec.tasks.given(seeds, tasks)

        def begin(task: int, mine: Lanes, where: Ints) -> Turn:
            one = self.environments[task]
            if one.spec.tasks is None:
                return one.reset(mine, seeds[where])
            return one.reset(mine, seeds[where], one.spec.tasks.drawn(rng.mix(seeds[where], _WITHIN)))

        return self._noted(lanes, self._turn(lanes, self._each(lanes, begin)))

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """See `Environment.step`."""
        if (self.task[lanes] < 0).any():
            raise no_match(int(lanes[self.task[lanes] < 0][0]))
        row, seat = np.nonzero(self._acts[lanes])
        (chosen,) = self._batches([len(row)], actions)

        def play(task: int, mine: Lanes, where: Ints) -> Step:
            return self.environments[task].step(mine, self._own(task, np.isin(row, where), row, seat, chosen))

        parts = self._each(lanes, play)
        step = self._step(lanes, parts)
        self._noted(lanes, step.turn)
        return step

    def state(self, lanes: Lanes) -> ArrayTree:
        """See `Environment.state`."""
        assert self.spec.state is not None
        result = cast(dict[str, Any], space.zeros(self.spec.state, len(lanes)))
        result[TASK][:] = self.task[lanes]
        for task, mine, where in self._tasks(lanes):
            _put(result[self.names[task]], where, self.environments[task].state(mine))
        return result

    def render(self, lane: int) -> Frame:
        """See `Environment.render`: the picture of what is played there."""
        frame = self.environments[self.task[lane]].render(lane)
        return Frame(f"{self.names[self.task[lane]]}: {frame.text}", frame.svg)

    def _tasks(self, lanes: Lanes) -> Iterator[tuple[int, Lanes, Ints]]:
        """Each task that is played in these lanes, those of it in their order, and their places among `lanes`."""
        for task in np.unique(self.task[lanes]).tolist():
            where = np.flatnonzero(self.task[lanes] == task)
            yield task, lanes[where], where

    def _each(self, lanes: Lanes, do: Callable[[int, Lanes, Ints], T]) -> list[tuple[int, T]]:
        """What each task makes of its lanes. Raises LanesFailed where some fail, when all had their turn."""
        done: list[tuple[int, T]] = []
        errors: dict[int, Exception] = {}
        for task, mine, where in self._tasks(lanes):
            try:
                done.append((task, do(task, mine, where)))
            except LanesFailed as failed:
                errors |= failed.errors
                if failed.rest is not None:
                    done.append((task, cast(T, failed.rest)))
        if errors:
            left = lanes[~np.isin(lanes, list(errors))]
            self.task[list(errors)] = -1
            steps = bool(done) and isinstance(done[0][1], Step)
            raise LanesFailed(errors, (self._step if steps else self._turn)(left, done) if done else None)  # type: ignore[arg-type]
        return done

    def _own(self, task: int, mine: Bools, row: Ints, seat: Ints, chosen: Array) -> list[Array | None]:
        """The actions of the agents of a task by its groups, in its canonical order."""
        spec, agent = self.environments[task].spec, self._seats[task].agent[seat]
        result: list[Array | None] = []
        for group in range(len(spec.groups)):
            rows = np.flatnonzero(mine & (spec.group_of[agent] == group))
            rows = rows[np.lexsort((agent[rows], row[rows]))]
            result.append(chosen[rows] if len(rows) else None)
        return result

    def _step(self, lanes: Lanes, parts: Sequence[tuple[int, Step]]) -> Step:
        """The steps of all tasks as one, of these lanes."""
        place, count = _places(self.lanes, lanes), (len(lanes), len(self.spec.agents))
        rewards, done, fault = np.zeros(count), np.zeros(len(lanes), np.bool_), np.full(len(lanes), -1)
        terminated, truncated = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        idle: list[Ints] = []  # the lane and the seat of those that had no part in a match which is over
        for task, one in parts:
            at, seats = place[one.lanes], self._seats[task]
            cells = np.ix_(at, seats.seat)
            rewards[cells], terminated[cells], truncated[cells] = one.rewards, one.terminated, one.truncated
            done[at] = one.done
            fault[at] = np.where(one.fault < 0, -1, seats.seat[one.fault])
            empty = np.flatnonzero(seats.agent < 0)
            terminated[np.ix_(at, empty)] = one.done[:, None]
            idle.append(np.stack(np.meshgrid(one.lanes[one.done], empty), axis=-1).reshape(-1, 2))
        final = self._turn(lanes, [(task, one.final) for task, one in parts], np.concatenate(idle))
        turn = self._turn(lanes, [(task, one.turn) for task, one in parts])
        return Step(lanes, rewards, terminated, truncated, done, fault, final, turn)

    def _turn(self, lanes: Lanes, turns: Sequence[tuple[int, Turn]], idle: Ints | None = None) -> Turn:
        """Rows of tasks as rows of seats, in canonical order. `idle`: `int64[K, 2]`, lanes and seats seeing zeros."""
        parts = [(task, rows) for task, turn in turns for rows in turn if rows is not None and len(rows)]
        nobody = np.zeros((0, 2), np.int64) if idle is None else idle
        lane = np.concatenate([*(rows.lane for _, rows in parts), nobody[:, 0]])
        seat = np.concatenate([*(self._seats[task].seat[rows.agent] for task, rows in parts), nobody[:, 1]])
        if not len(lane):
            return (None,)
        order = np.lexsort((seat, _places(self.lanes, lanes)[lane]))
        seen = cast(dict[str, Any], space.zeros(self._group.observation, len(order)))
        mask = np.zeros((len(order), space.mask_width(self._group.action) or 0), np.bool_)
        first, rank, start = np.zeros(len(order), np.bool_), np.argsort(order), 0
        for task, rows in parts:
            at, view = rank[start : start + len(rows)], int(self._seats[task].view[rows.agent[0]])
            seen[VIEW][at] = view
            _put(seen[self._views[view]], at, rows.observation)
            width = space.mask_width(self.environments[task].spec.groups[rows.group].action)
            mask[at, :width] = True if rows.mask is None else rows.mask
            first[at] = rows.first
            start += len(rows)
        mask[rank[start:], 0] = True
        return (Rows(lane[order], seat[order], seen, mask, first),)

    def _noted(self, lanes: Lanes, turn: Turn) -> Turn:
        """The same; from now on these rows are pending."""
        self._acts[lanes] = False
        for rows in turn:
            if rows is not None:
                self._acts[rows.lane, rows.agent] = True
        return turn


class ForkableSeveral(Several):
    """The same of environments that can all save and load their matches."""

    def save(self, lanes: Lanes) -> bytes:
        """See `Forkable.save`: the tasks, and what each environment saves."""
        if (self.task[lanes] < 0).any():
            raise no_match(int(lanes[self.task[lanes] < 0][0]))
        blobs = [cast(Forkable, self.environments[task]).save(mine) for task, mine, _ in self._tasks(lanes)]
        head = {"tasks": [self.names[task] for task in self.task[lanes].tolist()], "sizes": list(map(len, blobs))}
        return b"".join([json.dumps(head).encode(), b"\n", *blobs])

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """See `Forkable.load`."""
        head, _, body = blob.partition(b"\n")
        saved = json.loads(head)
        if len(saved["tasks"]) != len(lanes):
            raise ValueError(f"{len(saved['tasks'])} matches were saved, but {len(lanes)} lanes are to take them")
        self.task[lanes] = [self.names.index(name) for name in saved["tasks"]]
        ends = np.cumsum([0, *saved["sizes"]]).tolist()
        pieces = iter([body[start:end] for start, end in pairwise(ends)])

        def put(task: int, mine: Lanes, where: Ints) -> Turn:
            one = cast(Forkable, self.environments[task])
            return one.load(mine, next(pieces), None if seeds is None else seeds[where])

        return self._noted(lanes, self._turn(lanes, self._each(lanes, put)))


def several(lanes: int, params: SeveralParams) -> Several:
    """See `Several`. Raises UserError where the environments cannot be one."""
    registry = load_registry()
    made = {name: registry.make(ENVIRONMENTS, one.name, one.params, lanes=lanes) for name, one in params.tasks.items()}
    return (ForkableSeveral if all(isinstance(one, Forkable) for one in made.values()) else Several)(made)


def _places(count: int, lanes: Iterable[int] | Lanes) -> Ints:
    """The place of each lane among `lanes`, `int64[count]`."""
    lanes = np.asarray(lanes)
    result = np.zeros(count, np.int64)
    result[lanes] = np.arange(len(lanes))
    return result


def _put(target: ArrayTree, at: Ints, source: ArrayTree) -> None:
    """Write rows of a tree into a larger one."""
    if isinstance(target, dict):
        for name, leaf in target.items():
            _put(leaf, at, cast(dict[str, Any], source)[name])
    else:
        target[at] = source
