"""The trajectory recorder: writes down the rows of learning players, and gives each what it earned.

Each agent has at most one *open* row: its last, which still earns rewards. It closes at the agent's next own turn or
when its part ends. A window holds only rows that are complete; those that are still open are carried to the next
one, so no reward is lost and no transition is stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from marl.algorithm import Checkpoint
from marl.arena.columns import Columns
from marl.arena.play import Moves, Play
from marl.arena.record import Record
from marl.arena.whole import WholeMatches
from marl.arena.window import RowColumns, cut, rows_to_keep, without
from marl.env import EnvSpec, Step
from marl.trajectory import Trajectory
from marl.tree import take
from marl.types import Array, ArrayTree, Bools, Floats, Ints


class TrajectoryRecorder:
    """Records the rows of the players in `learners` (indices into the policies of the play).

    `version`: how many updates are behind their weights; whoever changes these says so.
    """

    def __init__(self, spec: EnvSpec, lanes: int, learners: Sequence[int], record: Record | None = None) -> None:
        self._spec, self._lanes, self._record = spec, lanes, record or Record()
        self._membership = np.eye(len(spec.sides))[spec.side_of] if self._record.earned else None  # [N, S]
        self._informed: dict[str, Array] = {}  # info columns of each lane's match as of its last tick, [lanes, ...]
        self.version = 0
        self._agents = len(spec.agents)
        self._group_of = spec.group_of
        self._learners: Ints = np.asarray(sorted(set(learners)), dtype=np.int64)
        self._groups = [RowColumns.of(group) for group in spec.groups]
        self._members = [np.array(group.agents) if len(spec.groups) > 1 else slice(None) for group in spec.groups]
        self._grid: Ints = np.full((lanes, self._agents), -1, dtype=np.int64)  # each agent's open row, or -1
        self._open: Ints = self._grid.reshape(-1)
        self._unassigned: Floats = np.zeros(self._agents)
        whole = self._record.whole or self._record.state
        self._whole = WholeMatches(spec, lanes, self._record.state) if whole else None

    @property
    def size(self) -> int:
        """How many rows are written down, complete or not."""
        return sum(columns.rows.size for columns in self._groups)

    def complete(self, play: Play) -> int:
        """How many rows are complete now (in whole matches, where they are asked for): `take` gives up to that many."""
        if self._whole is not None:
            return self.size - int(self._whole.open.sum())
        groups = range(len(self._groups))
        return self.size + sum(self._pending(play, group)[0].size - self._open_rows(group).size for group in groups)

    def acted(self, play: Play, moves: Moves) -> None:
        """Write down the learners' rows."""
        rows, slot, acts, memory = moves.rows, moves.slot, moves.acts, moves.memory
        if self._whole is not None:
            self._whole.begin(play)
        player = play.agent_player.reshape(-1)[slot]
        learns = self._learns(player)
        every = bool(learns.all())
        index: Array | slice = slice(None) if every else np.flatnonzero(learns)
        if not every:
            rows, slot, player = rows.take(index), slot[index], player[index]
            if len(slot) == 0:
                return
        columns = {
            "match": play.match[rows.lane],
            "lane": rows.lane,
            "agent": rows.agent,
            "player": player,
            "tick": play.ticks[rows.lane],
            "clock": np.broadcast_to(np.int64(play.clock), len(slot)),
            "version": np.broadcast_to(np.int64(self.version), len(slot)),
            "first": rows.first,
            "observation": rows.observation,
            "action": acts.action[index],
            "logp": acts.logp[index],
        }
        if self._record.earned:
            columns["earned"] = np.zeros((len(slot), len(self._spec.sides)))
        columns |= {f"before.{name}": column[rows.lane] for name, column in self._informed.items()}
        if self._spec.tasks is not None:
            columns["task"] = play.tasks[rows.lane]
        store = self._groups[rows.group].rows
        mask = _mask(rows.mask, store, len(slot))
        if mask is not None:
            columns["mask"] = mask
        if acts.value is not None:
            columns["value"] = acts.value[index]
        if memory is not None:
            columns["memory"] = memory[index]
        if self._whole is not None:
            self._whole.acted(rows.lane, rows.agent)
        new = store.append(len(slot), **columns)
        before = self._open[slot]
        known = before >= 0
        store["next_row"][before[known]] = new[known]
        self._open[slot] = new

    def stepped(self, play: Play, step: Step) -> None:
        """Give this tick's rewards to the open rows, and close those of agents whose part ended."""
        if self._whole is not None:
            self._whole.stepped(play, step)
        if step.info:
            self._inform(step)
        row, agent = np.nonzero(step.rewards)
        if len(row):
            self._reward(play, step.lanes[row] * self._agents + agent, agent, step.rewards[row, agent])
            if self._membership is not None:
                self._share(step.lanes, step.rewards @ self._membership)
        if step.terminated.any() or step.truncated.any() or step.done.any():
            self._close(play, step)

    def void(self, play: Play, lanes: Ints) -> None:
        """Forget the rows of the matches in these lanes that were not taken yet."""
        self._grid[lanes] = -1
        if self._whole is not None:
            self._whole.void(play, lanes)
        for column in self._informed.values():
            column[lanes] = 0
        for group, columns in enumerate(self._groups):
            if not columns.rows.size:
                continue
            keep = ~np.isin(columns.rows["match"], play.match[lanes])
            self._groups[group], place = without(columns, keep)
            agents = self._members[group]
            self._grid[:, agents] = np.append(place, -1)[self._grid[:, agents]]  # no row, -1, stays -1

    def take(self, play: Play, limit: int | None = None) -> tuple[Trajectory, ...]:
        """Hand over the complete rows (the first `limit` of them, over all groups), one trajectory per group.

        The rest is kept. Where the agent's next own turn is pending in `play`, or its row is kept, `last` shows it.
        Whole matches, where they are asked for, are as many as have `limit` rows or more together.
        """
        if self._whole is not None:
            return self._take_whole(play, self._whole, limit)
        pending = [self._pending(play, group) for group in range(len(self._groups))]
        complete = []
        for group, (rows, _) in enumerate(pending):
            done = np.ones(self._groups[group].rows.size, dtype=np.bool_)
            done[self._open_rows(group)] = False
            done[rows] = True
            complete.append(done)
        return self._cut(
            play, rows_to_keep(complete, [columns.rows["clock"] for columns in self._groups], limit), pending
        )

    def _take_whole(self, play: Play, whole: WholeMatches, limit: int | None) -> tuple[Trajectory, ...]:
        matches, clocks = ([columns.rows[name] for columns in self._groups] for name in ("match", "clock"))
        chosen = whole.choose(play, matches, clocks, limit)
        kept = [np.isin(match, chosen) for match in matches]
        ticks = whole.take(play, chosen, np.concatenate(matches)[~np.concatenate(kept)])
        none = np.zeros(0, dtype=np.int64)
        windows = self._cut(play, kept, [(none, none)] * len(self._groups))
        return tuple(replace(window, ticks=ticks) for window in windows)

    def _cut(self, play: Play, kept: Sequence[Bools], pending: Sequence[tuple[Ints, Ints]]) -> tuple[Trajectory, ...]:
        """Hand over these rows; see `take`."""
        unassigned, self._unassigned = self._unassigned, np.zeros(self._agents)
        result = []
        for group, columns in enumerate(self._groups):
            mine = np.where(self._group_of == group, unassigned, 0.0)
            trajectory, self._groups[group], place = cut(play, group, columns, kept[group], pending[group], mine)
            agents = self._members[group]
            self._grid[:, agents] = np.append(place, -1)[self._grid[:, agents]]  # no row, -1, stays -1
            result.append(trajectory)
        return tuple(result)

    def save(self) -> Checkpoint:
        """The rows not yet taken."""
        arrays: dict[str, Array] = {"open": self._open.copy(), "unassigned": self._unassigned.copy()}
        for group, columns in enumerate(self._groups):
            arrays |= {f"{group} {name}": array for name, array in columns.save().items()}
        arrays |= {f"informed {name}": column.copy() for name, column in self._informed.items()}
        if self._whole is not None:
            arrays |= {f"whole {name}": array for name, array in self._whole.save().items()}
        return Checkpoint(arrays, {})

    def load(self, checkpoint: Checkpoint) -> None:
        """Go on from rows that `save` gave."""
        self._open[...] = checkpoint.arrays["open"]
        self._unassigned = np.array(checkpoint.arrays["unassigned"])
        for name, column in checkpoint.arrays.items():
            if name.startswith("informed "):
                self._informed[name.removeprefix("informed ")] = np.array(column)
        if self._whole is not None:
            whole = {name: array for name, array in checkpoint.arrays.items() if name.startswith("whole ")}
            self._whole.load({name.removeprefix("whole "): array for name, array in whole.items()})
        for group, columns in enumerate(self._groups):
            mine = f"{group} "
            columns.load({name.removeprefix(mine): a for name, a in checkpoint.arrays.items() if name.startswith(mine)})

    def _learns(self, player: Ints) -> Bools:
        if len(self._learners) == 1:
            return np.asarray(player == self._learners[0])
        return np.isin(player, self._learners)

    def _open_rows(self, group: int) -> Ints:
        rows = self._grid[:, self._members[group]]
        return rows[rows >= 0]

    def _pending(self, play: Play, group: int) -> tuple[Ints, Ints]:
        """The open rows whose agents' next own turn is pending, and where in the turn: `int64[P], int64[P]`."""
        rows = play.turn[group]
        if rows is None or play.over:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        row = self._open[rows.lane * self._agents + rows.agent]
        where = np.flatnonzero(row >= 0)
        return row[where], where

    def _reward(self, play: Play, slot: Ints, agent: Ints, reward: Floats) -> None:
        row = self._open[slot]
        earned = row >= 0
        if not earned.all():
            lost = np.flatnonzero(~earned)
            lost = lost[self._learns(play.agent_player.reshape(-1)[slot[lost]])]
            np.add.at(self._unassigned, agent[lost], reward[lost])
            row, agent, reward = row[earned], agent[earned], reward[earned]
        for group, columns in enumerate(self._groups):
            mine = slice(None) if len(self._groups) == 1 else np.flatnonzero(self._group_of[agent] == group)
            if columns.rows.size:
                columns.rows["reward"][row[mine]] += reward[mine]

    def _share(self, lanes: Ints, earned: Floats) -> None:
        """Write down what every side earned in a tick, `float64[L, S]`, with all open rows of its match."""
        for group, columns in enumerate(self._groups):
            at, row = self._open_in(lanes, group)
            if len(at):
                columns.rows["earned"][row] += earned[at]

    def _inform(self, step: Step) -> None:
        for group, columns in enumerate(self._groups):
            at, row = self._open_in(step.lanes, group)
            if len(at):
                for name, column in step.info.items():
                    columns.rows.set(f"info.{name}", row, column[at])
        if self._record.before:
            for name, column in step.info.items():
                self._remember(name, step, column)

    def _remember(self, name: str, step: Step, column: Array) -> None:
        """Keep what a column of info is now, for rows to come; nothing is left of matches that are over."""
        if name not in self._informed:
            self._informed[name] = np.zeros((self._lanes, *column.shape[1:]), column.dtype)
            for columns in self._groups:
                columns.rows.set(f"before.{name}", np.zeros(0, dtype=np.int64), column[:0])
        self._informed[name][step.lanes] = column
        self._informed[name][step.lanes[step.done]] = 0

    def _open_in(self, lanes: Ints, group: int) -> tuple[Ints, Ints]:
        """The open rows of a group in these lanes: which of the lanes, and the row, `int64[R], int64[R]`."""
        agents = np.array(self._spec.groups[group].agents)
        row = self._open[lanes[:, None] * self._agents + agents]
        at, which = np.nonzero(row >= 0)
        return at, row[at, which]

    def _close(self, play: Play, step: Step) -> None:
        slot = step.lanes[:, None] * self._agents + np.arange(self._agents)
        ended = (step.terminated | step.truncated | step.done[:, None]) & (self._open[slot] >= 0)
        for group, columns in enumerate(self._groups):
            final = step.final[group] if step.final else None
            if final is not None and len(final):
                self._finals(play, columns, final.lane * self._agents + final.agent, final.observation)
            at, agent = np.nonzero(ended if len(self._groups) == 1 else ended & (self._group_of == group))
            if len(at):
                row = self._open[slot[at, agent]]
                columns.rows["truncated"][row] = step.truncated[at, agent]
                columns.rows["terminated"][row] = ~step.truncated[at, agent]
        self._open[slot[ended]] = -1

    def _finals(self, play: Play, columns: RowColumns, slot: Ints, observation: ArrayTree) -> None:
        row = self._open[slot]
        known = np.flatnonzero(row >= 0)
        if len(known) == 0:
            return
        index = columns.finals.append(len(known), observation=take(observation, known))
        columns.rows["last_row"][row[known]] = index
        memory = play.memory(slot[known])
        if memory is not None:
            columns.finals.set("memory", index, memory)


def _mask(mask: Bools | None, store: Columns, count: int) -> Bools | None:
    """The masks of new rows beside those in `store`: where either has none, everything is legal."""
    if mask is not None and "mask" not in store and store.size:
        store.set("mask", np.arange(store.size), np.ones((store.size, mask.shape[1]), dtype=np.bool_))
    if mask is None and "mask" in store:
        return np.ones((count, np.asarray(store["mask"]).shape[1]), dtype=np.bool_)
    return mask
