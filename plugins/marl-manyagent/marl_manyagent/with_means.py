"""Any environment with mean actions beside what its agents see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from marl.env import Actions, Environment, EnvSpec, Forkable, Frame, Group, Lanes, LanesFailed, Rows, Step, Turn
from marl.errors import UserError
from marl.space import Box, Discrete, Tree
from marl.types import ArrayTree, Ints, Keys
from marl_manyagent.neighbours import MEAN, team_mean


class WithMeans:
    """An `Environment` (and `Forkable`, where `inner` is): `inner`, whose observations become `seen` in a tree, beside
    `mean_action`, what the others of an agent's side and group did last, the dead and gone left out.

    Raises UserError where a group does not choose from a list of actions.
    """

    def __init__(self, inner: Environment) -> None:
        self.inner, self.lanes = inner, inner.lanes
        self._actions = [_choices(group) for group in inner.spec.groups]
        self.spec = _shown(inner.spec, self._actions)
        self._group = self.spec.group_of
        self._team = self.spec.side_of * len(self._actions) + self._group
        self._last = np.full((self.lanes, len(self.spec.agents)), -1, dtype=np.int64)
        self._acts = np.zeros(self._last.shape, dtype=np.bool_)  # who has a row now

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """See `Environment.reset`: nobody has acted yet."""
        self._last[lanes] = -1
        try:
            return self._turn(lanes, self.inner.reset(lanes, seeds, tasks))
        except LanesFailed as failed:
            raise self._told(failed, lanes) from failed.first

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """See `Environment.step`."""
        before = self._acts[lanes]
        for group, batch in enumerate(actions):
            at, agent = np.nonzero(before & (self._group == group))
            if batch is not None and np.shape(batch) == (len(at),):  # `inner` refuses it else
                chosen = np.asarray(batch)
                known = (chosen >= 0) & (chosen < self._actions[group])
                self._last[lanes[at], agent] = np.where(known, chosen, -1)
        try:
            return self._stepped(self.inner.step(lanes, actions))
        except LanesFailed as failed:
            raise self._told(failed, lanes) from failed.first

    def state(self, lanes: Lanes) -> ArrayTree:
        """That of `inner`."""
        return self.inner.state(lanes)

    def render(self, lane: int) -> Frame:
        """That of `inner`."""
        return self.inner.render(lane)

    def save(self, lanes: Lanes) -> bytes:
        """A line of JSON with the last actions, then what `inner` saves; see `Forkable`."""
        assert isinstance(self.inner, Forkable)
        return json.dumps({"last": self._last[lanes].tolist()}).encode() + b"\n" + self.inner.save(lanes)

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        """See `Forkable`."""
        assert isinstance(self.inner, Forkable)
        head, _, rest = blob.partition(b"\n")
        self._last[lanes] = np.array(json.loads(head)["last"], dtype=np.int64)
        return self._turn(lanes, self.inner.load(lanes, rest, seeds))

    def _stepped(self, step: Step) -> Step:
        at, agent = np.nonzero(step.terminated | step.truncated)
        self._last[step.lanes[at], agent] = -1  # whoever is gone is nobody's neighbour
        return replace(step, final=self._with_means(step.final), turn=self._turn(step.lanes, step.turn))

    def _turn(self, lanes: Lanes, turn: Turn) -> Turn:
        self._acts[lanes] = False
        for rows in turn:
            if rows is not None:
                self._acts[rows.lane, rows.agent] = True
        return self._with_means(turn)

    def _with_means(self, turn: Sequence[Rows | None]) -> Turn:
        return tuple(rows if rows is None else self._shown(rows) for rows in turn)

    def _shown(self, rows: Rows) -> Rows:
        mean = team_mean(self._last, self._team, rows.lane, rows.agent, self._actions[rows.group])
        return replace(rows, observation={"seen": rows.observation, MEAN: mean})

    def _told(self, failed: LanesFailed, lanes: Lanes) -> LanesFailed:
        rest = failed.rest
        if isinstance(rest, Step):
            return LanesFailed(failed.errors, self._stepped(rest))
        left = lanes[~np.isin(lanes, list(failed.errors))]
        return LanesFailed(failed.errors, None if rest is None else self._turn(left, rest))


def _choices(group: Group) -> int:
    if not isinstance(group.action, Discrete):
        raise UserError(f"mean actions are of choices from a list, and those of {group.name!r} are {group.action}")
    return group.action.n


def _shown(spec: EnvSpec, actions: Sequence[int]) -> EnvSpec:
    means = [Box((count,), 0.0, 1.0) for count in actions]
    groups = [
        replace(one, observation=Tree({"seen": one.observation, MEAN: mean}))
        for one, mean in zip(spec.groups, means, strict=True)
    ]
    return replace(spec, groups=tuple(groups))
