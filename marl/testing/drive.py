"""Plays environments for the checks, with actions that follow from (choice key, agent, tick) and from nothing else.

So one match, given its seed and its choice key, must unfold alike in any lane, any company and any order.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from marl import rng, space, tree
from marl.env import Actions, Environment, EnvSpec, Lanes, Rows, Step, Turn, first_error
from marl.types import Array, ArrayTree, Bools, Floats, Keys


@dataclass(slots=True)
class Moment:
    """What one match showed at one tick: `step` (its rows of the arrays of a Step) is empty at the start."""

    rows: Turn
    final: Turn = ()
    step: dict[str, Array] = field(default_factory=dict)
    state: ArrayTree = None

    def acting(self) -> list[int]:
        """The agents that must act."""
        return [agent for part in self.rows if part is not None for agent in part.agent.tolist()]

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Everything that was seen, by name; lanes are left out."""
        for title, turn in (("", self.rows), ("final ", self.final)):
            for group, rows in enumerate(turn):
                if rows is None or not len(rows):
                    continue
                yield f"{title}agent (group {group})", rows.agent
                for name, leaf in tree.leaves(rows.observation):
                    yield f"{title}observation{name and f' {name}'} (group {group})", leaf
                if not title:
                    yield f"first (group {group})", rows.first
                    if rows.mask is not None:
                        yield f"mask (group {group})", rows.mask
        yield from self.step.items()
        if self.state is not None:
            yield from ((f"state {name}".rstrip(), leaf) for name, leaf in tree.leaves(self.state))


@dataclass(slots=True)
class Record:
    """One match, from its start as far as it was played. `choice` is the key of its actions."""

    seed: int
    choice: int
    lane: int
    moments: list[Moment] = field(default_factory=list)

    @property
    def ticks(self) -> int:
        """How many were played."""
        return len(self.moments) - 1

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return bool(self.moments[-1].step.get("done", False))

    def living(self, spec: EnvSpec) -> Bools:
        """Who has not ended, `bool[N]`; where there are births, who lives."""
        result = np.full(len(spec.agents), not spec.births)
        for moment in self.moments:
            if moment.step:
                result &= ~(moment.step["terminated"] | moment.step["truncated"])
            if spec.births:
                result[moment.acting()] = True
        return result

    @property
    def fault(self) -> int:
        """The agent whose action was refused at the last tick, or -1."""
        return int(self.moments[-1].step.get("fault", -1))


@dataclass(slots=True)
class Call:
    """One call of `reset` (`step` is None) or `step`: what was handed over and back, and copies made at once."""

    lanes: Lanes
    actions: Actions | None
    step: Step | None
    turn: Turn
    ticks: list[int]
    then: tuple[Actions | None, Step | None, Turn]


class Driver:
    """Plays lanes of an environment and records every match."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.spec = env.spec
        self.calls: list[Call] = []
        self.records: list[Record] = []
        self.current: dict[int, Record] = {}
        self.tick = np.zeros(env.lanes, dtype=np.int64)
        self.choice = np.zeros(env.lanes, dtype=np.uint64)
        self.chosen: list[list[Array | None]] = [[] for _ in range(env.lanes)]

    def reset(
        self,
        lanes: Sequence[int],
        seeds: Sequence[int],
        choices: Sequence[int] | None = None,
        tasks: Sequence[int] | None = None,
    ) -> None:
        """Start matches; the choice keys are the seeds unless given. `tasks` only where the environment has some."""
        index = np.array(lanes, dtype=np.int64)
        which = () if tasks is None else (np.array(tasks, dtype=np.int64),)
        with first_error():
            turn = self.env.reset(index.copy(), rng.as_keys([int(seed) for seed in seeds]), *which)
        self.adopt(lanes, turn, seeds, seeds if choices is None else choices)

    def adopt(
        self, lanes: Sequence[int], turn: Turn, seeds: Sequence[int], choices: Sequence[int], tick: int = 0
    ) -> None:
        """Take over matches that stand at `turn`."""
        index = np.array(lanes, dtype=np.int64)
        self.calls.append(Call(index, None, None, turn, [tick] * len(index), copy.deepcopy((None, None, turn))))
        for lane, seed, choice in zip(lanes, seeds, choices, strict=True):
            self.tick[lane], self.choice[lane] = tick, rng.as_keys(int(choice))[0]
            self.current[lane] = Record(int(seed), int(choice), lane)
            self.records.append(self.current[lane])
        self._note(index, turn, None)

    def live(self, lanes: Sequence[int] | None = None) -> list[int]:
        """Which of the lanes (all by default, in the order of their start) have a match in progress."""
        return [lane for lane in (self.current if lanes is None else lanes) if not self.current[lane].done]

    def actions(self, lanes: Sequence[int]) -> list[Array | None]:
        """The chosen actions of these lanes, in canonical order."""
        batches: list[Array | None] = []
        for group in range(len(self.spec.groups)):
            parts = [part for lane in lanes if (part := self.chosen[lane][group]) is not None]
            batches.append(np.concatenate(parts) if parts else None)
        return batches

    def step(self, lanes: Sequence[int]) -> Step:
        """Step these lanes with the chosen actions."""
        index = np.array(lanes, dtype=np.int64)
        actions = self.actions(lanes)
        kept = copy.deepcopy(actions)
        with first_error():
            step = self.env.step(index.copy(), actions)
        self.tick[index] += 1
        then = (kept, *copy.deepcopy((step, step.turn)))
        self.calls.append(Call(index, actions, step, step.turn, self.tick[index].tolist(), then))
        self._note(index, step.turn, step)
        return step

    def run(self, ticks: int, lanes: Sequence[int] | None = None) -> None:
        """Step all live lanes together, up to `ticks` times."""
        for _ in range(ticks):
            live = self.live(lanes)
            if not live:
                return
            self.step(live)

    def override(self, lane: int, agent: int, action: Array) -> None:
        """Let an agent do something else at the coming tick."""
        for group, rows in enumerate(self.current[lane].moments[-1].rows):
            batch = self.chosen[lane][group]
            if rows is not None and batch is not None and agent in rows.agent:
                batch[int(np.flatnonzero(rows.agent == agent)[0])] = action

    def _note(self, lanes: Array, turn: Turn, step: Step | None) -> None:
        for row, lane in enumerate(lanes.tolist()):
            moment = Moment(_of_lane(turn, lane))
            if step is not None:
                moment.final = _of_lane(step.final, lane)
                for name in ("rewards", "terminated", "truncated", "done", "fault"):
                    moment.step[name] = np.array(getattr(step, name)[row])
                moment.step |= {f"info {name}": np.array(column[row]) for name, column in step.info.items()}
            if self.spec.state is not None:
                moment.state = copy.deepcopy(self.env.state(lanes[row : row + 1]))
            self.current[lane].moments.append(moment)
            self.chosen[lane] = self._choose(lane, moment.rows)

    def _choose(self, lane: int, rows: Turn) -> list[Array | None]:
        chosen: list[Array | None] = []
        for group, mine in zip(self.spec.groups, rows, strict=True):
            if mine is None or not len(mine):
                chosen.append(None)
                continue
            keys = rng.mix(self.choice[lane : lane + 1], mine.agent, self.tick[lane])
            chosen.append(space.sample(group.action, keys, mine.mask))
        return chosen


def _of_lane(turn: Turn, lane: int) -> Turn:
    """The rows of one lane, copied."""
    own: list[Rows | None] = []
    for rows in turn:
        mine = None if rows is None else np.flatnonzero(np.asarray(rows.lane) == lane)
        own.append(None if rows is None or mine is None or not len(mine) else rows.take(mine))
    return tuple(own)


def sample_returns(env: Environment, seeds: Keys, ticks: int) -> tuple[Floats, list[Rows]]:
    """Uniform play of a match per seed: the returns `float64[B, N]` (NaN where it did not end), and all rows."""
    lanes = np.arange(len(seeds))
    turn = env.reset(lanes, seeds)
    total = np.zeros((len(seeds), len(env.spec.agents)))
    rows: list[Rows] = []
    for tick in range(ticks):
        actions: list[Array | None] = []
        for group, part in zip(env.spec.groups, turn, strict=True):
            if part is None or not len(part):
                actions.append(None)
                continue
            rows.append(part)
            actions.append(space.sample(group.action, rng.mix(seeds[part.lane], part.agent, tick), part.mask))
        step = env.step(lanes, actions)
        total[lanes] += step.rewards
        lanes, turn = lanes[~step.done], step.turn
        if not len(lanes):
            break
    total[lanes] = np.nan
    return total, rows
