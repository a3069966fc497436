"""Reading a dataset: any of its matches, as the windows that were recorded. Memory holds what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from marl import tree
from marl.arena import Trajectory
from marl.datasets.agent import AgentView
from marl.datasets.header import Header, spec_of
from marl.datasets.parts import ROW, Part
from marl.env import EnvSpec
from marl.errors import UserError, suggestion
from marl.joint import Ticks
from marl.trajectory import Last
from marl.types import Array, ArrayTree, Bools, Ints

_EACH = ("length", "returns", "seeds", "players", "task", "fault", "truncated")  # what is known of each match


class Dataset:
    """The dataset in the folder `root`. Opening it reads its header; files are mapped, and checked, when first needed.

    Raises UserError where there is none, RunError where it is damaged (then or later, where a file is).
    """

    def __init__(self, root: Path) -> None:
        self.root, self.header = Path(root), Header.read(Path(root))
        firsts = np.cumsum([0, *(info.matches for info in self.header.parts)]).tolist()
        self.parts = [
            Part(self.root / info.file, info, first) for info, first in zip(self.header.parts, firsts, strict=False)
        ]
        self._open: list[Part] = []
        self._firsts: Ints = np.array(firsts, dtype=np.int64)

    def __len__(self) -> int:
        return self.header.matches

    @property
    def id(self) -> str:
        """A hash of all that is in it."""
        return self.header.id

    @property
    def agents(self) -> list[str]:
        """The names of the agents."""
        names: list[str] = self.header.spec["agents"]
        return names

    def each(self, name: str) -> Array:
        """A column of `matches`, such as `returns` `float64[M, S]`, of the whole dataset."""
        if name not in _EACH:
            raise UserError(f"a dataset knows no {name!r} of its matches{suggestion(name, _EACH)}")
        parts = [np.array(self._opened(number).columns["matches"][name]) for number in range(len(self.parts))]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    def check(self) -> None:
        """Read every file once. Raises RunError where one is missing, cut short or damaged."""
        for part in self.parts:
            part.check()

    def fits(self, spec: EnvSpec, environment: str = "") -> None:
        """Raises UserError unless what was recorded is what this environment shows and asks."""
        wanted, there = spec_of(spec), self.header.spec
        differing = [name for name in wanted if wanted[name] != there.get(name)]
        if differing:
            name = differing[0]
            raise UserError(
                f"the dataset {self.root} is of {self.header.environment}, whose {name} are {there.get(name)}; "
                f"those of {environment or 'this environment'} are {wanted[name]}"
            )

    def agent(self, who: str | int) -> AgentView:
        """What one agent saw, did and earned, by its name or its number. Raises UserError where there is no such."""
        names = self.agents
        if isinstance(who, str) and who not in names:
            raise UserError(f"the dataset {self.root} has no agent {who!r}{suggestion(who, names)}")
        number = names.index(who) if isinstance(who, str) else who
        if not 0 <= number < len(names):
            raise UserError(f"the dataset {self.root} has the agents 0 to {len(names) - 1}, and not {number}")
        group = next(index for index, one in enumerate(self.header.spec["groups"]) if number in one["agents"])
        return AgentView(self.windows, len(self), number, group)

    def windows(self, numbers: Sequence[int] | Ints) -> tuple[Trajectory, ...]:
        """These matches, one window per group, with their ticks, as a recorder of whole matches hands them over.

        `numbers`: `int64[E]`, places in the dataset, each at most once. In the windows, `match` is that place, and
        `lane` is the place in `numbers`; `version` is 0, and nobody estimated a `value` or remembered anything.
        """
        chosen = np.asarray(numbers, dtype=np.int64)
        where = np.searchsorted(self._firsts, chosen, side="right") - 1
        if len(chosen) == 0 or chosen.min() < 0 or chosen.max() >= len(self) or len(np.unique(chosen)) < len(chosen):
            raise ValueError(f"matches are asked for by numbers from 0 to {len(self) - 1}, each at most once")
        pieces = [_read(self._opened(int(part)), chosen, np.flatnonzero(where == part)) for part in np.unique(where)]
        ticks = _ticks([piece["ticks"] for piece in pieces], chosen)
        return tuple(
            _window(group, [piece[f"group{group}"] for piece in pieces], chosen, ticks, len(self.agents))
            for group in range(len(self.header.spec["groups"]))
        )

    def _opened(self, number: int) -> Part:
        """A part that will be mapped. Those that were needed longest ago are let go of: each takes a handle."""
        part = self.parts[number]
        if part in self._open:
            self._open.remove(part)
        self._open.append(part)
        while len(self._open) > _OPEN:
            self._open.pop(0).release()
        return part


_OPEN = 256
_LINKS = ("start", "final")  # what only says where rows are


class _Rows(NamedTuple):
    """Rows of a table that were read of one part: columns, the lane of each, and, where the table has any, finals.

    `final`: which rows end with a last look, `int64[F]`; `seen`: what was seen then, a tree of `[F, ...]`.
    """

    columns: dict[str, ArrayTree]
    lane: Ints
    final: Ints
    seen: ArrayTree


def _read(part: Part, chosen: Ints, wanted: Ints) -> dict[str, _Rows]:
    """All tables of those of the `chosen` matches that are in this part: the `wanted` ones of them."""
    tables = {name: table for name, table in part.columns.items() if name != "matches"}
    return {name: _rows(table, chosen[wanted] - part.first, wanted) for name, table in tables.items()}


def _rows(table: dict[str, Any], matches: Ints, lanes: Ints) -> _Rows:
    """The rows of these matches of a part."""
    start = np.asarray(table["start"])
    count = start[matches + 1] - start[matches]
    rows = np.repeat(start[matches] - (np.cumsum(count) - count), count) + np.arange(count.sum())
    columns = {name: tree.take(column, rows) for name, column in table.items() if name not in _LINKS}
    if "final" not in table:
        return _Rows(columns, np.repeat(lanes, count), rows[:0], {})
    known = np.asarray(table["final"]["row"])
    at = np.searchsorted(known, rows)
    final = np.flatnonzero(np.append(known, -1)[at] == rows)
    return _Rows(columns, np.repeat(lanes, count), final, tree.take(table["final"]["observation"], at[final]))


def _ticks(pieces: Sequence[_Rows], chosen: Ints) -> Ticks:
    columns, lane = tree.concatenate([piece.columns for piece in pieces]), np.concatenate([p.lane for p in pieces])
    order = np.lexsort((lane, columns["tick"]))
    return Ticks(match=chosen[lane[order]], **{"state": None, **tree.take(columns, order)})


def _window(group: int, pieces: Sequence[_Rows], chosen: Ints, ticks: Ticks, agents: int) -> Trajectory:
    """One group's rows of these matches, in the order in which they were played, all lanes in lockstep."""
    columns, lane = tree.concatenate([piece.columns for piece in pieces]), np.concatenate([p.lane for p in pieces])
    before = np.cumsum([0, *(len(piece.lane) for piece in pieces)])
    final = np.concatenate([first + piece.final for first, piece in zip(before[:-1], pieces, strict=True)])
    order = np.lexsort((columns["agent"], lane, columns["tick"]))
    count = len(order)
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    columns, lane = tree.take(columns, order), lane[order]
    last_row = np.full(count, -1, dtype=np.int64)
    last_row[place[final]] = np.arange(len(final))
    over = np.asarray(columns["terminated"]) | np.asarray(columns["truncated"])
    next_row, first = _links(lane, columns["agent"], columns["tick"], over)
    return Trajectory(
        group=group,
        match=chosen[lane],
        lane=lane,
        clock=columns["tick"],
        version=np.zeros(count, dtype=np.int64),
        first=first,
        observation=columns["observation"],
        mask=columns.get("mask"),
        value=np.full(count, np.nan),
        memory=None,
        next_row=next_row,
        last_row=last_row,
        last=Last(tree.concatenate([piece.seen for piece in pieces]), None, None),
        info=columns.get("info", {}),
        before=columns.get("before", {}),
        earned=columns.get("earned"),
        unassigned=np.zeros(agents),
        ticks=ticks,
        **{name: columns[name] for name in ROW},
    )


def _links(lane: Ints, agent: Ints, tick: Ints, over: Bools) -> tuple[Ints, Array]:
    """The next row of the same agent and match, `int64[K]`, or -1; and whether a row is the first, `bool[K]`.

    Rows after which the agent's part was `over[K]` have none: what comes then is another life.
    """
    order = np.lexsort((tick, agent, lane))
    same = (lane[order][1:] == lane[order][:-1]) & (agent[order][1:] == agent[order][:-1]) & ~over[order[:-1]]
    next_row = np.full(len(lane), -1, dtype=np.int64)
    next_row[order[:-1][same]] = order[1:][same]
    first = np.ones(len(lane), dtype=np.bool_)
    first[order[1:][same]] = False
    return next_row, first
