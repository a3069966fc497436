"""A slice of what can be seen: two numbers of the next observation (or columns) vary, all others stay 0.

What each channel of a scenario pays at every point of it, by asking the rewards themselves: what was seen before the
action is the same observation with both numbers 0, and nothing is learned, so rewards that learn pay what they pay at
first. Which two, and how far, is said; or they are the first two that the rewards' own expressions read, as far as
matches played by chance go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from marl import space
from marl.arena import Mixtures, Sampler
from marl.env import Environment, EnvSpec
from marl.errors import UserError, suggestion
from marl.registry import POLICIES, load_registry
from marl.reward import Window
from marl.training.composition import GAME, TOTAL, RewardConfig
from marl.training.rewards import Rewards
from marl.trajectory import Last, Trajectory
from marl.types import Array, ArrayTree, Floats

CELLS, ROWS = 41, 2000
_READ = re.compile(r"(?:observation(?:\.\w+)?\[[\d, ]+\]|info\.\w+(?:\[[\d, ]+\])?)")
_AXIS = re.compile(r"^(observation|info)(?:\.(\w+))?((?:\[[\d, ]+\])?)=([^:]+):([^:]+)$")


@dataclass(frozen=True)
class Axis:
    """One number that varies: of `observation` or `info`, in a field or column of that `name`, at `index`."""

    text: str
    of: str
    name: str
    index: tuple[int, ...]
    low: float
    high: float

    @staticmethod
    def read(text: str) -> Axis:
        """From `observation[2]=-8:8` or `info.fuel=0:1`. Raises UserError for anything else."""
        found = _AXIS.match(text.replace(" ", ""))
        try:
            of, name, index, low, high = found.groups() if found else (None,) * 5
            assert of is not None
            at = tuple(int(part) for part in (index or "").strip("[]").split(",") if part)
            axis = Axis(f"{of}{'.' + name if name else ''}{index}", of, name or "", at, float(low), float(high))
        except (AssertionError, TypeError, ValueError):
            raise UserError(f"{text!r} is no axis: write observation[2]=-8:8 or info.fuel=0:1") from None
        if not axis.low < axis.high:
            raise UserError(f"{text!r}: the lower end comes first")
        return axis

    @property
    def values(self) -> Floats:
        """The places along it, `float64[CELLS]`."""
        return np.linspace(self.low, self.high, CELLS)


def read_by(reward: RewardConfig) -> list[str]:
    """The numbers that the expressions of its channels read, "observation[2]", "info.fuel": the first one of each
    channel, and then the others.
    """
    each = [[found for text in _texts(one.params) for found in _READ.findall(text)] for one in reward.channels.values()]
    return list(dict.fromkeys([*(read[0] for read in each if read), *(one for read in each for one in read)]))


def usual_axes(read: Sequence[str], seen: Sequence[Trajectory]) -> tuple[Axis, Axis] | None:
    """The first two of these numbers that vary in rows that were `seen`, as far as they do; None where fewer do."""
    axes = [axis for axis in (_as_seen(text, seen) for text in read) if axis is not None]
    return (axes[0], axes[1]) if len(axes) > 1 else None


def by_chance(env: Environment) -> Sequence[Trajectory]:
    """Rows of all groups, played by random players."""
    player: Any = load_registry().make(POLICIES, "marl/random", {}, spec=env.spec)
    sides = list(range(len(env.spec.sides)))
    return Sampler(env, [player], Mixtures(np.ones((len(sides), 1)), seed=1), learners=sides).collect(ROWS)


def _texts(value: Any) -> Iterator[str]:
    """All texts within the parameters of a reward, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)


def _as_seen(text: str, seen: Sequence[Trajectory]) -> Axis | None:
    """The axis of a number from its least to its greatest value in rows; None where it is none, or never changes."""
    axis = Axis.read(f"{text}=0:1")
    found: list[Floats] = []
    for rows in seen:
        tree: Any = rows.info if axis.of == "info" else rows.observation
        leaf = tree.get(axis.name) if isinstance(tree, Mapping) else None if axis.name else tree
        if leaf is None or leaf.ndim != 1 + len(axis.index):
            return None
        try:
            found.append(np.asarray(leaf[(slice(None), *axis.index)], dtype=np.float64))
        except IndexError:
            return None
    every = np.concatenate(found)
    low, high = (float(f"{edge:.2g}") for edge in (every.min(), every.max()))
    return replace(axis, low=low, high=high) if low < high else None


def maps(
    config: RewardConfig,
    spec: EnvSpec,
    axes: tuple[Axis, Axis],
    discount: float,
    columns: Mapping[str, tuple[int, ...]] = {},
) -> dict[str, Floats]:
    """What every channel, and `total`, the sum that is learned from at first, pays: `float64[CELLS, CELLS]`, y by x.

    It is for the first group of agents. `columns`: the shapes of columns that hold more than one number a row.
    Raises UserError where an axis is none of its numbers.
    """
    rewards = Rewards(replace(config, zero_sum=False, normalise=[]), spec, discount)
    rewards.reset(0)
    count = CELLS**2
    x, y = (grid.ravel() for grid in np.meshgrid(axes[0].values, axes[1].values))
    seen = space.zeros(spec.groups[0].observation, count)
    info: dict[str, Array] = {name: np.zeros((count, *columns.get(name, ()))) for name in spec.info}
    for axis, values in zip(axes, (x, y), strict=True):
        seen, info = _set(axis, seen, info, values)
    rows = _rows(spec, seen, info, count)
    found = {**rewards.composed(Window(rows, spec, discount))[1], TOTAL: rewards([rows]).windows[0].reward}
    return {name: values.reshape(CELLS, CELLS) for name, values in found.items() if name != GAME}


def _set(axis: Axis, seen: ArrayTree, info: dict[str, Array], values: Floats) -> tuple[ArrayTree, dict[str, Array]]:
    """The observation (or the columns) with one number varied."""
    if axis.of == "info":
        if axis.name not in info:
            raise UserError(f"{axis.text}: the environment has no column {axis.name!r}{suggestion(axis.name, info)}")
        return seen, {**info, axis.name: _varied(axis, info[axis.name], values)}
    if not isinstance(seen, Mapping):
        if axis.name:
            raise UserError(f"{axis.text}: observations have no fields; write observation[0]")
        return _varied(axis, seen, values), info
    if axis.name not in seen:
        raise UserError(f"{axis.text}: observations have no field {axis.name!r}{suggestion(axis.name, seen)}")
    return {**seen, axis.name: _varied(axis, seen[axis.name], values)}, info


def _varied(axis: Axis, leaf: Any, values: Floats) -> Array:
    """An array `[K, ...]` with one of a row's numbers varied."""
    try:
        changed: Array = leaf.astype(np.float64)
        changed[(slice(None), *axis.index)] = values
    except (AttributeError, IndexError, ValueError):
        raise UserError(f"{axis.text} is not one number of what is seen: {leaf.shape[1:]}") from None
    return changed


def _rows(spec: EnvSpec, seen: ArrayTree, info: dict[str, Array], count: int) -> Trajectory:
    """A row for each point, each of a match of its own, that sees the point next."""
    group, zero, every = spec.groups[0], np.zeros(count), np.arange(count)
    one, flag = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
    return Trajectory(
        group=0,
        **dict.fromkeys(("lane", "player", "tick", "clock", "version"), one),
        match=every,
        agent=np.full(count, group.agents[0]),
        first=~flag,
        observation=space.zeros(group.observation, count),
        mask=None,
        action=space.zeros(group.action, count),
        logp=zero,
        value=zero,
        memory=None,
        reward=zero,
        terminated=flag,
        truncated=~flag,
        next_row=np.full(count, -1),
        last_row=every,
        last=Last(seen, None, None),
        info=info,
        unassigned=np.zeros(len(spec.agents)),
        earned=np.zeros((count, len(spec.sides))),
        before={name: np.zeros_like(column) for name, column in info.items()},
    )
