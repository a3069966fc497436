"""The half of an update that plays: the live policy against a line-up, and what becomes of its rows.

`Rollout` plays until there are enough rows; `LiveSampler` pays them, and cuts them into columns that are learned from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from marl.algorithm import Checkpoint
from marl.arena import Failures, Mixtures, Record, Sampler, Source, Tolerance, Trajectory
from marl.arena.failure import EnvironmentFailed
from marl.arena.results import Results
from marl.env import Environment, EnvSpec, Forkable, Remarking
from marl.errors import RunError
from marl.policy import Policy
from marl.training.experience import Columns, Experience
from marl.training.experience.per_channel import discounts
from marl.training.hyper import Hyper
from marl.training.making import Maker
from marl.training.networks import NetworkPolicy, module_ids
from marl.training.networks.moments import Seen
from marl.training.rewards import Rewarded, Rewards
from marl.training.statistics import Statistics
from marl.types import Array, Floats, Ints


@dataclass(frozen=True)
class Told:
    """What is told of the matches since the last time, beside rows.

    `failures` of the environment, and its `remarks` with how often each was made; `changed`: how many matches could not
    be taken up as they had been. `ended`: the tasks and the learner's returns of the matches that ended, `int64[B]` and
    `float64[B]`.
    """

    failures: list[EnvironmentFailed] = field(default_factory=list)
    changed: int = 0
    remarks: dict[str, int] = field(default_factory=dict)
    ended: tuple[Ints, Floats] = field(default_factory=lambda: (np.zeros(0, np.int64), np.zeros(0)))

    @staticmethod
    def together(parts: Sequence[Told]) -> Told:
        """What several samplers tell, in their order."""
        remarks: dict[str, int] = {}
        for text, count in (said for part in parts for said in part.remarks.items()):
            remarks[text] = remarks.get(text, 0) + count
        tasks, returns = (np.concatenate(column) for column in zip(*(part.ended for part in parts), strict=True))
        failures = [failure for part in parts for failure in part.failures]
        return Told(failures, sum(part.changed for part in parts), remarks, (tasks, returns))


@dataclass(frozen=True)
class Played:
    """Windows of the live policy's rows, the ticks (over lanes) behind them, and statistics of finished matches."""

    windows: list[Trajectory]
    env_steps: int
    stats: dict[str, float]
    told: Told


class Gathering(Protocol):
    """Where rows come from: matches in progress, or recorded ones (see `marl.training.reading`).

    `live`: the policy that learns from them. `modules`: the module id of each agent. `version`: how many updates are
    behind the weights of the live policy.
    """

    live: NetworkPolicy
    modules: Sequence[str]
    version: int

    def practise(self, tasks: Floats) -> None:
        """Matches that begin from now on have each task so often, `float64[T]`."""

    def collect(self, rows: int) -> Played:
        """`rows` complete rows, or as many more as whole matches have."""

    def save(self) -> Checkpoint | None:
        """What it takes to go on, or None where that cannot be saved."""


class Rollout:
    """Matches in progress between the live policy, whose rows are wanted, and its opponents.

    `modules`: the module id of each agent. `side`: whose returns are reported. `record`: what is written down of rows.
    `lanes`: matches in progress to go on with, from `save`. `limit` of the failures of the environment, which `make`
    makes anew.
    """

    def __init__(
        self,
        environment: Environment,
        live: NetworkPolicy,
        opponents: Sequence[Policy],
        source: Source,
        modules: Sequence[str],
        side: int,
        record: Record,
        lanes: Checkpoint | None = None,
        limit: Failures | None = None,
        make: Maker | None = None,
    ) -> None:
        self.live, self.modules, self.side = live, modules, side
        self._failures: list[EnvironmentFailed] = []
        self._said: dict[str, int] = {}
        tolerance = None if make is None else Tolerance(limit or Failures(), make, self._failures.append)
        self._source = source
        self.sampler = Sampler(environment, [live, *opponents], source, [0], lanes, tolerance, record)

    @property
    def version(self) -> int:
        """See `Gathering`."""
        return self.sampler.recorder.version

    @version.setter
    def version(self, updates: int) -> None:
        self.sampler.recorder.version = updates

    @property
    def environment(self) -> Environment:
        """What is played on."""
        return self.sampler.play.environment

    def go_on(self, opponents: Sequence[Policy], source: Source, side: int) -> None:
        """Take up another job between the same players: matches in progress go on, the next ones are of `source`."""
        self.sampler.play.use([self.live, *opponents], source)
        self.side, self._source = side, source

    def practise(self, tasks: Floats) -> None:
        """Matches that begin from now on have each task so often, `float64[T]`."""
        assert isinstance(self._source, Mixtures), "tasks are drawn by mixtures"
        self.sampler.play.use(self.sampler.play.policies, replace(self._source, tasks=tasks))

    def collect(self, rows: int) -> Played:
        """Play until the live policy has `rows` complete rows."""
        before = self.sampler.play.clock
        windows = [window for window in self.sampler.collect(rows) if len(window)]
        if not windows:
            raise RunError("the matches ended before the learner had its turn: there is nothing to learn from")
        play = self.sampler.play
        ticks = (play.clock - before) * play.environment.lanes
        results = play.drain()
        stats = self._results(results)
        failures, changed = list(self._failures), play.changed
        self._failures.clear()
        play.changed = 0
        if failures:
            stats["void"] = float(sum(failure.void for failure in failures))
        return Played(windows, ticks, stats, Told(failures, changed, self._remarks(), self._ended(results)))

    def _remarks(self) -> dict[str, int]:
        """What the environment remarked, and how often, since the last time."""
        environment = self.sampler.play.environment
        said = dict(environment.remarks) if isinstance(environment, Remarking) else {}
        before, self._said = self._said, said
        return {text: count - before.get(text, 0) for text, count in said.items() if count > before.get(text, 0)}

    def save(self) -> Checkpoint | None:
        """The matches in progress, or None where the environment cannot save them."""
        return self.sampler.save() if isinstance(self.sampler.play.environment, Forkable) else None

    def _ended(self, results: Results) -> tuple[Ints, Floats]:
        return results.task, results.returns[:, self.side]

    def _results(self, results: Results) -> dict[str, float]:
        if len(results) == 0:
            return {}
        return {
            "matches": float(len(results)),
            "return": float(results.returns[:, self.side].mean()),
            "length": float(results.length.mean()),
            "faults": float((results.fault_side >= 0).mean()),
        }


@dataclass(frozen=True)
class Batch:
    """What was played for one update: columns by module, the rows and ticks (over lanes) behind them, and statistics.

    `seen`: what the rows of modules that normalise were like. `samples`: what rewards that learn are fitted to.
    `versions`: how many rows were played by weights of each version. `told`: what is told of the matches besides.
    """

    columns: dict[str, Columns]
    rows: int
    env_steps: int
    stats: dict[str, float]
    seen: dict[str, Seen]
    samples: dict[str, Array]
    versions: dict[int, int]
    told: Told


@dataclass
class LiveSampler:
    """The half of an update that plays: matches of the live policy in progress, and what becomes of its rows."""

    rollout: Gathering
    rewards: Rewards
    statistics: Statistics
    experience: Experience

    def play(
        self, rows: int, coefficients: Mapping[str, float], tasks: Floats | None = None, version: int = 0
    ) -> Batch:
        """Collect `rows` rows with the live policy as it is now; `coefficients` are what schedules say.

        `tasks`: how often each is played in the matches that begin from now on, `float64[T]`; None: as before.
        `version`: how many updates are behind its weights.
        """
        self.rollout.live.coefficients = dict(coefficients)
        self.rollout.version = version
        if tasks is not None:
            self.rollout.practise(tasks)
        played = self.rollout.collect(rows)
        paid = Rewarded(played.windows) if self.rewards.is_plain else self.rewards(played.windows, coefficients)
        windows, seen = self.statistics.normalised(paid.windows) if self.statistics.needed else (paid.windows, {})
        cut = self.experience.cut(windows, self.rollout.live, self.rollout.modules)
        return Batch(
            columns=cut.columns,
            rows=sum(map(len, windows)),
            env_steps=played.env_steps,
            stats=cut.stats | paid.stats | played.stats,
            seen=seen,
            samples=paid.samples,
            versions=counted(windows),
            told=played.told,
        )

    def save(self) -> Checkpoint | None:
        """The matches in progress, or None where the environment cannot save them."""
        lanes = self.rollout.save()
        return None if lanes is None else self.statistics.save(lanes)


def live_sampler(
    spec: EnvSpec,
    hyper: Hyper,
    experience: Experience,
    rewards: Rewards,
    environment: Environment,
    live: NetworkPolicy,
    opponents: Sequence[Policy],
    source: Source,
    side: int,
    lanes: Checkpoint | None,
    limit: Failures,
    make: Maker,
) -> LiveSampler:
    """One sampler; the arguments are those of `Rollout`, and `experience` cuts what it plays, `rewards` pay it."""
    modules = module_ids(spec, hyper.sharing)
    rollout = Rollout(
        environment, live, opponents, source, modules, side, experience.record | rewards.record, lanes, limit, make
    )
    discount = hyper.discount if not hyper.per_channel else discounts(hyper, rewards.terms)
    statistics = Statistics(live, modules, environment.lanes, discount, lanes)
    return LiveSampler(rollout, rewards, statistics, experience)


def counted(windows: Sequence[Trajectory]) -> dict[int, int]:
    """How many rows were played by weights of each version."""
    versions, counts = np.unique(np.concatenate([window.version for window in windows]), return_counts=True)
    return dict(zip(versions.tolist(), counts.tolist(), strict=True))
