"""One update of a training run, from top to bottom. Read this page first; every room that it goes through is named.

    collect      `Rollout`      plays until the live policy has `rows` complete rows: windows, a `Trajectory` of K rows
                                a group (observation `[K, ...]`, action `[K, ...]`, reward `float64[K]`, what follows)
    rewards      `Rewards`      what a scenario pays instead: channels, weighted and summed; `rewarded` clips them where
                                the model says so. Those that learn are fitted once an update, to their `samples`
    experience   `Experience`   `cut` makes columns by module (network): arrays `[K, ...]`, or `[S, T, ...]` for those
                                with a memory; `add` keeps them, `draw` gives those to fit now
    staleness    `Bound`        where samplers play on while learners learn: leaves out rows whose `version` is too old
    batches      `Draw`         so many epochs over the rows of each module, in so many minibatches `[B, ...]`
    loss         `ColumnLearner.loss(module, batch, inputs [B, D], value [B])`: all that most algorithms write
    step         gradients, clipped by their norm; Adam; `stepped`, `fitted` (target networks, adaptive coefficients)

`Player.play` is the half that plays, `learn` the half that learns. The backend `local` calls one after the other; in
the backend `ray`, samplers play and learners learn, and only columns travel between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from marl.algorithm import Checkpoint
from marl.arena import Trajectory
from marl.arena.failure import EnvironmentFailed
from marl.training.columns import Columns
from marl.training.experience import Draw, Experience
from marl.training.learner import ColumnLearner
from marl.training.networks.moments import Seen, together
from marl.training.rewards import Rewards
from marl.training.rollout import Rollout
from marl.training.statistics import Statistics
from marl.types import Array, Floats, Ints


@dataclass(frozen=True)
class Batch:
    """What was played for one update: columns by module, the rows and ticks (over lanes) behind them, and statistics.

    `seen`: what the rows of modules that normalise were like. `samples`: what rewards that learn are fitted to.
    `failures` and `remarks` of the environment since the last batch; `changed`: how many matches could not be taken up
    as they had been. `versions`: how many rows were played by weights of each version. `ended`: the tasks and the
    learner's returns of the matches that ended, `int64[B]` and `float64[B]`.
    """

    columns: dict[str, Columns]
    rows: int
    env_steps: int
    stats: dict[str, float]
    seen: dict[str, Seen]
    samples: dict[str, Array]
    failures: list[EnvironmentFailed] = field(default_factory=list)
    changed: int = 0
    remarks: dict[str, int] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    ended: tuple[Ints, Floats] | None = None


@dataclass
class Player:
    """The half of an update that plays: matches in progress, and what becomes of their rows."""

    rollout: Rollout
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
        self.rollout.sampler.recorder.version = version
        if tasks is not None:
            self.rollout.practise(tasks)
        played = self.rollout.collect(rows)
        paid = self.rewards(played.windows, coefficients)
        windows, seen = rewarded(paid.windows, self.statistics)
        cut = self.experience.cut(windows, self.rollout.live, self.rollout.modules)
        stats, told = cut.stats | paid.stats | played.stats, (played.failures, played.changed, played.remarks)
        rows, versions = sum(map(len, windows)), counted(windows)
        return Batch(cut.columns, rows, played.env_steps, stats, seen, paid.samples, *told, versions, played.ended)

    def save(self) -> Checkpoint | None:
        """The matches in progress, or None where the environment cannot save them."""
        lanes = self.rollout.save()
        return None if lanes is None else self.statistics.save(lanes)


def rewarded(windows: Sequence[Trajectory], statistics: Statistics) -> tuple[list[Trajectory], dict[str, Seen]]:
    """Windows with rewards as modules that normalise learn them, and what the rows of these were like."""
    seen = together([statistics.look(window) for window in windows])
    return [replace(window, reward=statistics.rewards(window)) for window in windows], seen


def counted(windows: Sequence[Trajectory]) -> dict[int, int]:
    """How many rows were played by weights of each version."""
    versions, counts = np.unique(np.concatenate([window.version for window in windows]), return_counts=True)
    return dict(zip(versions.tolist(), counts.tolist(), strict=True))


def learn(
    learner: ColumnLearner,
    draw: Draw,
    seed: int,
    coefficients: Mapping[str, float],
    seen: Mapping[str, Seen],
    rank: int = 0,
    world: int = 1,
) -> dict[str, dict[str, float]]:
    """The half of an update that learns: fit each module to its part of the draw. Named means, by module.

    `rank`: which of `world` learners this is, that share out the rows of every minibatch.
    """
    mine = draw.share(rank, world)
    return learner.fit(mine.columns, mine.epochs, mine.minibatches, seed, coefficients, seen, mine.shuffled)
