"""The rollout: plays the live policy against a line-up, and turns what it saw into columns for the learner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from marl import tree
from marl.algorithm import Checkpoint
from marl.arena import Failures, Sampler, Source, Tolerance, Trajectory
from marl.arena.failure import EnvironmentFailed
from marl.arena.results import Results
from marl.env import Environment, Forkable, Remarking, Rows
from marl.errors import RunError
from marl.policy import Policy
from marl.training.advantages import Advantages, generalised_advantages
from marl.training.columns import Columns, join, module_columns
from marl.training.making import Maker
from marl.training.networks import NetworkPolicy
from marl.training.networks.moments import Seen, together
from marl.training.statistics import Statistics
from marl.types import Floats


@dataclass(frozen=True)
class Batch:
    """What one update learns from: columns by module, the rows and ticks (over lanes) behind them, and statistics.

    `failures` and `remarks` of the environment since the last batch; `changed`: how many matches could not be taken up
    as they had been. `seen`: what the rows of modules that normalise were like.
    """

    columns: dict[str, Columns]
    rows: int
    env_steps: int
    stats: dict[str, float]
    seen: dict[str, Seen]
    failures: list[EnvironmentFailed]
    changed: int
    remarks: dict[str, int]


class Rollout:
    """Matches in progress between the live policy, whose rows are wanted, and its opponents.

    `modules`: the module id of each agent. `side`: whose returns are reported. `lanes`: matches in progress to go on
    with, from `save`. `limit` of the failures of the environment, which `make` makes anew.
    """

    def __init__(
        self,
        environment: Environment,
        live: NetworkPolicy,
        opponents: Sequence[Policy],
        source: Source,
        modules: Sequence[str],
        side: int,
        discount: float,
        trace: float,
        sequence: int,
        lanes: Checkpoint | None = None,
        limit: Failures | None = None,
        make: Maker | None = None,
    ) -> None:
        self.live, self.modules, self.side = live, modules, side
        self.discount, self.trace, self.sequence = discount, trace, sequence
        self._failures: list[EnvironmentFailed] = []
        self._said: dict[str, int] = {}
        tolerance = None if make is None else Tolerance(limit or Failures(), make, self._failures.append)
        self.sampler = Sampler(environment, [live, *opponents], source, [0], lanes, tolerance)
        self.statistics = Statistics(live, modules, environment.lanes, discount, lanes)

    def go_on(self, opponents: Sequence[Policy], source: Source, side: int) -> None:
        """Take up another job between the same players: matches in progress go on, the next ones are of `source`."""
        self.sampler.play.use([self.live, *opponents], source)
        self.side = side

    def collect(self, rows: int) -> Batch:
        """Play until the live policy has `rows` complete rows."""
        before = self.sampler.play.clock
        windows = [window for window in self.sampler.collect(rows) if len(window)]
        if not windows:
            raise RunError("the matches ended before the learner had its turn: there is nothing to learn from")
        seen = together([self.statistics.look(window) for window in windows])
        estimates = [self._estimate(window) for window in windows]
        columns = join([self._columns(w, estimate) for w, estimate in zip(windows, estimates, strict=True)])
        play = self.sampler.play
        played = (play.clock - before) * play.environment.lanes
        stats = _fit_of_values(windows, estimates) | self._results(play.drain())
        failures, changed = list(self._failures), play.changed
        self._failures.clear()
        play.changed = 0
        if failures:
            stats["void"] = float(sum(failure.void for failure in failures))
        return Batch(columns, sum(map(len, windows)), played, stats, seen, failures, changed, self._remarks())

    def _remarks(self) -> dict[str, int]:
        """What the environment remarked, and how often, since the last time."""
        environment = self.sampler.play.environment
        said = dict(environment.remarks) if isinstance(environment, Remarking) else {}
        before, self._said = self._said, said
        return {text: count - before.get(text, 0) for text, count in said.items() if count > before.get(text, 0)}

    def save(self) -> Checkpoint | None:
        """The matches in progress, or None where the environment cannot save them."""
        if not isinstance(self.sampler.play.environment, Forkable):
            return None
        return self.statistics.save(self.sampler.save())

    def _columns(self, window: Trajectory, estimate: Advantages) -> dict[str, Columns]:
        seen = self.live.seen(window.observation, window.agent)
        memories = {name: network.memory_size for name, network in self.live.networks.items()}
        return module_columns(window, seen, estimate, self.modules, memories, self.sequence)

    def _estimate(self, window: Trajectory) -> Advantages:
        window = replace(window, reward=self.statistics.rewards(window))
        return generalised_advantages(window, self._last_values(window), self.discount, self.trace)

    def _last_values(self, window: Trajectory) -> Floats:
        """The values `float64[M]` of `window.last` in one batch; 0 where a row terminated, which nobody asks for."""
        values = np.zeros(len(window.last_row))
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
        answer = self.live.act(asked, memory, np.zeros(len(rows), dtype=np.uint64))
        assert answer.value is not None  # `generalised_advantages` has refused policies without values
        values[index] = answer.value
        return values

    def _results(self, results: Results) -> dict[str, float]:
        if len(results) == 0:
            return {}
        return {
            "matches": float(len(results)),
            "return": float(results.returns[:, self.side].mean()),
            "length": float(results.length.mean()),
            "faults": float((results.fault_side >= 0).mean()),
        }


def _fit_of_values(windows: Sequence[Trajectory], estimates: Sequence[Advantages]) -> dict[str, float]:
    """How much of the targets' variance the values explain: 1 is all, 0 is what a constant does."""
    target = np.concatenate([estimate.target for estimate in estimates])
    error = target - np.concatenate([window.value for window in windows])
    variance = float(target.var())
    return {"explained_variance": 1.0 - float(error.var()) / variance if variance > 0 else 0.0}
