"""One update of a training run, from top to bottom. Read this page first; files are those of this folder.

    collect      rollout.py       `Rollout.collect` plays until the live policy has `rows` complete rows: windows, a
                                  `Trajectory` of K rows of a group (observation `[K, ...]`, action `[K, ...]`, reward
                                  `float64[K]`, what follows)
    rewards      rewards.py       what a scenario pays instead: channels, weighted and summed. Those that learn are
                                  fitted once an update, to their `samples`. statistics.py clips where the model says so
    experience   experience/      `cut` makes columns by module (network): arrays `[K, ...]`, or `[S, T, ...]` for those
                                  with a memory; `add` keeps them, `draw` gives those to fit now: `Draw`, with so many
                                  epochs over the rows of each module, in so many minibatches
    staleness    staleness.py     where samplers play on while learners learn: leaves out rows whose `version` is old
    fit          learner.py       `ColumnLearner.fit`, here in full but for sums:

        for name in modules (or teams):
            table = columns as tensors `[K, ...]`                           minibatches.py
            table |= prepare(name, table)                                   the algorithm's, if it has one
            for stage in stages(name):                                      the algorithm's: one, unless it says more
                for epoch in epochs:
                    for batch `[B, ...]` of the rows in a new order:        minibatches.py
                        inputs `[B, D]`, value `[B]` = network(batch)       modules.py, networks/network.py
                        loss, stats = loss(name, batch, inputs, value)      the algorithm's: all that most of them write
                        loss += auxiliary terms                             auxiliary.py
                        gradients; averaged over learners; clipped          data_parallel.py, optimisers.py
                        Adam's step, unless something is not finite         optimisers.py
                        stepped(name)                                       the algorithm's: target networks
                    if enough(name, stats): break                           the algorithm's: early stopping
                table |= staged(name, table)                                the algorithm's, if it has several stages
            fitted(name, stats)                                             the algorithm's: adaptive coefficients
        averages of weights, for snapshots                                  averaging.py

RLlib calls some of it for us, because its learner runs the network and the gradients, in one process or in several:
`losses` -> `forward_train` -> `compute_loss_for_module`; `compute_gradients`; `postprocess_gradients`;
`apply_gradients`. What a learner has beside the loop (networks, critics, optimisers, target networks, save and load) is
in learner_state.py.

`LiveSampler.play` is the half that plays, `learn` the half that learns. backends/local.py calls one after the other;
with backends/ray_backend.py, samplers play and learners learn, and only columns travel between them. engine.py asks a
backend for one update after the other, until a job's budget is spent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from marl.algorithm import Checkpoint
from marl.arena import Trajectory
from marl.training.columns import Columns
from marl.training.experience import Draw, Experience
from marl.training.learner import ColumnLearner
from marl.training.networks.moments import Seen, together
from marl.training.rewards import Rewards
from marl.training.rollout import Rollout, Told
from marl.training.statistics import Statistics
from marl.types import Array, Floats


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
