"""On-policy experience: what was played last and nothing else, with advantages, in epochs of shuffled minibatches.

Advantages are generalised advantage estimation over each agent's own turns. Between two of these lie any number of
ticks; they count as one step. So the discount is *per own turn*, whatever the others do in between, and
`Trajectory.reward` is already the sum over those ticks.

Source: Schulman et al., "High-dimensional continuous control using generalized advantage estimation", ICLR 2016.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from marl import tree
from marl.algorithm import Checkpoint
from marl.arena import Record, Trajectory
from marl.env import Rows
from marl.training.auxiliary import Auxiliaries
from marl.training.experience import Columns, Cut, Draw, join, rows_by_module, rows_of, ticks, unseen_end
from marl.training.experience.ahead import ahead
from marl.training.hyper import OnPolicyHyper
from marl.training.networks import NetworkPolicy
from marl.training.sequences import sequences
from marl.types import Array, ArrayTree, Floats, Ints


class OnPolicy:
    """See `Experience`. The columns are those of `marl.training.experience`; every row is used `epochs` times."""

    keeps: ClassVar[bool] = False
    record: ClassVar[Record] = Record()

    def __init__(self, hyper: OnPolicyHyper) -> None:
        self._hyper = hyper
        self._columns: dict[str, Columns] = {}
        self._needs = Auxiliaries(hyper.auxiliary).needs if hyper.auxiliary else set()

    def cut(self, windows: Sequence[Trajectory], live: NetworkPolicy, modules: Sequence[str]) -> Cut:
        """Estimates advantages; rows of modules with a memory become sequences."""
        hyper, parts, estimates = self._hyper, [], []
        memories = {name: network.memory_size for name, network in live.networks.items()}
        for window in windows:
            last = last_values(window, live)
            estimates.append(self.advantages(window, last))
            seen = live.seen(window.observation, window.agent)
            apart = hyper.staleness > 0  # so that rows that are too old can be left out
            more = ahead(window, live, self._needs) if self._needs else {}
            parts.append(module_columns(window, seen, estimates[-1], modules, memories, hyper.sequence, apart, more))
        return Cut(join(parts), self.fit_of_values(windows, estimates))

    def advantages(self, window: Trajectory, last_value: Floats) -> Advantages:
        """What was better than expected, and what should have been expected; see `generalised_advantages`."""
        return generalised_advantages(window, last_value, self._hyper.discount, self._hyper.trace)

    def fit_of_values(self, windows: Sequence[Trajectory], estimates: Sequence[Advantages]) -> dict[str, float]:
        """How much of the targets' variance the values explain: 1 is all, 0 is what a constant does."""
        target = np.concatenate([estimate.target for estimate in estimates])
        error = target - np.concatenate([window.value for window in windows])
        return {"explained_variance": explained(error, target)}

    def add(self, parts: Sequence[Mapping[str, Columns]]) -> None:
        """These columns stand instead of the last ones."""
        self._columns = join(parts)

    def draw(self, seed: int, coefficients: Mapping[str, float]) -> Draw:
        """Everything; the learner shuffles."""
        counts = {name: minibatches(columns, self._hyper.minibatch) for name, columns in self._columns.items()}
        return Draw(self._columns, self._hyper.epochs, counts, shuffled=True)

    def learned(self, said: Mapping[str, Array]) -> None:
        """Nothing follows from it."""

    def reset(self) -> None:
        """See `Experience`."""
        self._columns = {}

    def save(self) -> Checkpoint:
        """Nothing: the next update plays new rows."""
        return Checkpoint({})

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Experience`."""
        self._columns = {}


def minibatches(columns: Columns, size: int) -> int:
    """Into how many parts of about `size` rows a module's columns are cut; at least one, and none empty."""
    count = rows_of(columns)
    rows = int(columns["valid"].sum()) if "valid" in columns else count
    return max(1, min(count, round(rows / size)))


def last_values(window: Trajectory, live: NetworkPolicy) -> Floats:
    """The values `float64[M]` of `window.last` in one batch (`[M, C]` where the policy has C); 0 where a row
    terminated, which nobody asks for."""
    values = np.zeros((len(window.last_row), *window.value.shape[1:]))
    rows = np.flatnonzero((window.last_row >= 0) & ~window.terminated)
    if len(rows) == 0:
        return values
    last = window.last
    index = window.last_row[rows]
    asked = Rows(
        lane=window.lane[rows],
        agent=window.agent[rows],
        observation=tree.take(last.observation, index),
        mask=None if last.mask is None else last.mask[index],
        first=np.zeros(len(rows), dtype=np.bool_),
        group=window.group,
    )
    memory = None if last.memory is None else last.memory[index]
    answer = live.act(asked, memory, np.zeros(len(rows), dtype=np.uint64))
    assert answer.value is not None  # `generalised_advantages` has refused policies without values
    values[index] = answer.value
    return values


def explained(error: Floats, target: Floats) -> float:
    """The share of the variance of `target` `[K]` that is explained up to `error` `[K]`; 0 where it does not vary."""
    variance = float(target.var())
    return 1.0 - float(error.var()) / variance if variance > 0 else 0.0


class Advantages(NamedTuple):
    """Per row, `float64[K]`: the advantage, and the value target `advantage + value` (`[K, C]` with C values)."""

    advantage: Floats
    target: Floats


def generalised_advantages(window: Trajectory, last_value: Floats, discount: float, trace: float) -> Advantages:
    """GAE of every row: `discount` (gamma) per own turn, `trace` (lambda) in `[0, 1]`.

    `last_value`: `float64[M]`, see `following_values`. Raises ValueError where the policy estimated no values.
    """
    if np.isnan(window.value).any():
        raise ValueError("these rows have no value estimates (NaN): the policy that played them does not estimate any")
    delta = window.reward + discount * following_values(window, last_value) - window.value
    advantage = np.zeros(len(window) + 1)  # the entry at -1 stands for "nothing follows"
    advantage[:-1] = delta
    decay = discount * trace
    for start, stop in ticks(window.clock):
        part = slice(start, stop)
        advantage[part] += decay * advantage[window.next_row[part]]
    return Advantages(advantage[:-1], advantage[:-1] + window.value)


def following_values(window: Trajectory, last_value: Floats) -> Floats:
    """The value after each row, `float64[K]`: of the agent's next own turn, of `last`, or 0 where it terminated.

    `last_value`: `float64[M]`, the values of `window.last`; those of terminated rows are not read. Raises RunError
    where the environment gave no final observation to an agent that was cut short.
    """
    inside = window.next_row >= 0
    following = np.zeros(len(window))
    following[inside] = window.value[window.next_row[inside]]
    bootstrapped = ~inside & ~window.terminated
    if (window.last_row[bootstrapped] < 0).any():
        raise unseen_end()
    following[bootstrapped] = last_value[window.last_row[bootstrapped]]
    return following


def module_columns(
    window: Trajectory,
    seen: ArrayTree,
    estimates: Advantages,
    modules: Sequence[str],
    memories: Mapping[str, int],
    length: int,
    apart: bool = False,
    more: Columns | None = None,
) -> dict[str, Columns]:
    """A window's rows as columns, one set for each module that has rows.

    `seen`: what the networks saw of each row, a tree of `[K, ...]`. `modules`: the module id of each agent of the
    environment. `memories`: the size of each module's memory. `length`: the longest sequence, for those that have one;
    `apart`: whether a sequence ends where weights changed. `more`: further columns of the window.
    """
    by_module, everything = rows_by_module(window, modules), _columns(window, seen, estimates) | (more or {})
    if len(by_module) == 1 and window.memory is None:
        return dict.fromkeys(by_module, everything)
    result = {}
    for name, rows in by_module.items():
        if not memories[name]:
            result[name] = {key: tree.take(column, rows) for key, column in everything.items()}
        else:
            result[name] = _sequence_columns(window, everything, rows, memories[name], length, apart)
    return result


def _columns(window: Trajectory, seen: ArrayTree, estimates: Advantages) -> Columns:
    columns: Columns = {"observation": seen, "action": window.action, "version": window.version}
    if window.mask is not None:
        columns["mask"] = window.mask
    numbers = {"logp": window.logp, "value": window.value, **estimates._asdict()}
    return columns | {name: number.astype(np.float32) for name, number in numbers.items()}


def _sequence_columns(
    window: Trajectory, everything: Columns, rows: Ints, memory: int, length: int, apart: bool
) -> Columns:
    cut = sequences(window, rows, length, apart)
    columns = {name: cut.lay(column) for name, column in everything.items()}
    return columns | {
        "valid": cut.valid,
        "first": cut.lay(window.first) & cut.valid,
        "memory": cut.starts(window.memory)[:, :memory],
    }
