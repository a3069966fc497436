"""Windows: cuts the complete rows out of a recorder's columns, and carries the others over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marl import space, tree
from marl.arena.columns import Columns
from marl.arena.play import Play
from marl.env import Group, join_masks
from marl.trajectory import Last, Trajectory
from marl.types import Array, ArrayTree, Bools, Floats, Ints

_ENDS = {"terminated": False, "truncated": False, "next_row": -1, "last_row": -1}
FILL = {"value": np.nan, "reward": 0.0, "version": 0, **_ENDS}  # rows in older checkpoints have no version
_PLACE = ("match", "lane", "agent", "player", "tick", "clock", "version", "first")
_PLAIN = (*_PLACE, "observation", "action", "logp", "value")
_EARNED = ("reward", "terminated", "truncated")
_INFO, _BEFORE = "info.", "before."


@dataclass(slots=True)
class RowColumns:
    """The rows of one group, and the final observations that some of them point to with `last_row`."""

    rows: Columns
    finals: Columns

    @staticmethod
    def of(group: Group) -> RowColumns:
        """No rows yet, of a group's spaces."""
        rows = Columns(FILL)
        number, flag = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
        counts = dict.fromkeys(("match", "lane", "agent", "player", "tick", "clock"), number)
        seen = space.zeros(group.observation, 0)
        rows.append(0, **counts, first=flag, observation=seen, action=space.zeros(group.action, 0), logp=np.zeros(0))
        finals = Columns({})
        finals.append(0, observation=seen)
        return RowColumns(rows, finals)

    def save(self) -> dict[str, Array]:
        """All columns, by name."""
        return {
            f"{part} {path}": leaf.copy() for part, store in self._stores for path, leaf in tree.leaves(store.all())
        }

    def load(self, arrays: Mapping[str, Array]) -> None:
        """Take the columns that `save` gave instead of these."""
        for part, store in self._stores:
            mine = f"{part} "
            nested = tree.nest({name.removeprefix(mine): a for name, a in arrays.items() if name.startswith(mine)})
            store.size = 0
            store.append(len(next(tree.leaves(nested))[1]), **nested)

    @property
    def _stores(self) -> tuple[tuple[str, Columns], ...]:
        return ("rows", self.rows), ("finals", self.finals)


def rows_to_keep(complete: Sequence[Bools], clocks: Sequence[Ints], limit: int | None) -> list[Bools]:
    """The first `limit` complete rows over all groups, by clock and then by group, as `bool[K]` per group."""
    if limit is None or sum(int(done.sum()) for done in complete) <= limit:
        return list(complete)
    where = [np.flatnonzero(done) for done in complete]
    clock = np.concatenate([clock[rows] for clock, rows in zip(clocks, where, strict=True)])
    group = np.repeat(np.arange(len(where)), [len(rows) for rows in where])
    counts = np.bincount(group[np.argsort(clock, kind="stable")[:limit]], minlength=len(where))
    result = []
    for done, rows, count in zip(complete, where, counts, strict=True):
        mask = np.zeros(len(done), dtype=np.bool_)
        mask[rows[:count]] = True
        result.append(mask)
    return result


def cut(
    play: Play, group: int, columns: RowColumns, keep: Bools, pending: tuple[Ints, Ints], unassigned: Floats
) -> tuple[Trajectory, RowColumns, Ints]:
    """The kept rows, the columns that go on without them, and where each old row is in those, or -1."""
    rows = columns.rows
    kept, carried = np.flatnonzero(keep), np.flatnonzero(~keep)
    place, ahead = _places(keep, kept), _places(~keep, carried)
    next_row, last_row, last = _links(play, group, columns, keep, kept, place, pending)
    get = rows.all() if len(carried) == 0 else {name: tree.take(column, kept) for name, column in rows.all().items()}
    trajectory = Trajectory(
        group=group,
        **{name: get[name] for name in (*_PLAIN, *_EARNED)},
        mask=get.get("mask"),
        memory=get.get("memory"),
        task=get.get("task"),
        next_row=next_row,
        last_row=last_row,
        last=last,
        info={name.removeprefix(_INFO): column for name, column in get.items() if name.startswith(_INFO)},
        unassigned=unassigned,
        earned=get.get("earned"),
        before={name.removeprefix(_BEFORE): column for name, column in get.items() if name.startswith(_BEFORE)},
    )
    return trajectory, _carry(columns, carried, ahead), ahead


def without(columns: RowColumns, keep: Bools) -> tuple[RowColumns, Ints]:
    """The rows to `keep`, which are followed by such rows only, and where each old row is among them, or -1."""
    carried = np.flatnonzero(keep)
    place = _places(keep, carried)
    return _carry(columns, carried, place), place


def _places(mask: Bools, where: Ints) -> Ints:
    place = np.full(len(mask), -1, dtype=np.int64)
    place[where] = np.arange(len(where))
    return place


def _carry(columns: RowColumns, carried: Ints, ahead: Ints) -> RowColumns:
    """New columns that start with the carried rows, their pointers renumbered."""
    rows, finals = columns.rows.fresh(), columns.finals.fresh()
    if len(carried) == 0:
        return RowColumns(rows, finals)
    rows.append(len(carried), **{name: tree.take(column, carried) for name, column in columns.rows.all().items()})
    following = rows["next_row"]
    following[following >= 0] = ahead[following[following >= 0]]  # what follows a carried row is carried too
    ended = np.flatnonzero(rows["last_row"] >= 0)
    if len(ended):
        source = rows["last_row"][ended]
        moved = finals.append(
            len(ended), **{name: tree.take(column, source) for name, column in columns.finals.all().items()}
        )
        rows["last_row"][ended] = moved
    return RowColumns(rows, finals)


def _links(
    play: Play, group: int, columns: RowColumns, keep: Bools, kept: Ints, place: Ints, pending: tuple[Ints, Ints]
) -> tuple[Ints, Ints, Last]:
    """What follows each kept row: a kept row, a final observation, a carried row, or a row pending in the play."""
    rows, finals, turn = columns.rows, columns.finals, play.turn[group]
    following = rows["next_row"][kept]
    next_row = np.where(following >= 0, place[following], -1)
    ended = np.flatnonzero(rows["last_row"][kept] >= 0)
    severed = np.flatnonzero((following >= 0) & (next_row < 0))
    waiting = np.flatnonzero(keep[pending[0]])
    asked = pending[1][waiting]
    last_row = np.full(len(kept), -1, dtype=np.int64)
    order = np.concatenate([ended, severed, place[pending[0][waiting]]])
    last_row[order] = np.arange(len(order))
    final, source = rows["last_row"][kept[ended]], following[severed]
    seen = [tree.take(finals["observation"], final), tree.take(rows["observation"], source)]
    masks: list[Bools | None] = [None, rows["mask"][source] if "mask" in rows else None]
    memories = [_memory(finals, final, rows), rows["memory"][source]] if "memory" in rows else []
    if turn is not None and len(asked):
        seen.append(tree.take(turn.observation, asked))
        masks.append(None if turn.mask is None else turn.mask[asked])
        if "memory" in rows:
            slot = turn.lane[asked] * len(play.spec.agents) + turn.agent[asked]
            memories.append(play.memory(slot))
    joined: ArrayTree = tree.concatenate(seen)
    mask = join_masks(masks, [len(ended), len(severed), len(asked)][: len(masks)])
    return next_row, last_row, Last(joined, mask, np.concatenate(memories) if memories else None)


def _memory(finals: Columns, final: Ints, rows: Columns) -> Array:
    if "memory" in finals:
        return np.asarray(finals["memory"][final])
    return np.zeros((len(final), *rows["memory"].shape[1:]), dtype=rows["memory"].dtype)
