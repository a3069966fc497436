"""Reading: the half of an update that plays, where matches were recorded: they are read instead.

Every match is read once an epoch, in another order each time, which follows from the seed; so many at a time that they
have about as many rows as an update wants. Where it stands is a number, so a run that goes on reads what it would have
read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from marl import rng
from marl.algorithm import Checkpoint
from marl.arena import Trajectory
from marl.datasets import Dataset
from marl.env import EnvSpec
from marl.errors import UserError
from marl.training.experience import Experience
from marl.training.hyper import Hyper
from marl.training.networks import NetworkPolicy, module_ids
from marl.training.rewards import Rewards
from marl.training.rollout import LiveSampler, Played, Told
from marl.training.statistics import Statistics
from marl.types import Floats, Ints

_ORDER = 0x6F72646572  # sets the order of matches apart from all else that follows from the seed


class Reading:
    """See `Gathering`. `saved`: where to go on, from `save`; `seed`: of the order, else."""

    version = 0

    def __init__(
        self, dataset: Dataset, live: NetworkPolicy, modules: Sequence[str], seed: int, saved: Checkpoint | None
    ) -> None:
        self.live, self.modules, self._dataset = live, modules, dataset
        self._seed, self._done = (seed, 0) if saved is None else (int(saved.meta["seed"]), int(saved.meta["read"]))
        self._epoch, self._order = -1, np.zeros(0, dtype=np.int64)  # at hand

    def practise(self, tasks: Floats) -> None:
        """Raises UserError: what was played was played."""
        raise UserError("tasks: a curriculum chooses what is played next, and recorded matches are what they are")

    def collect(self, rows: int) -> Played:
        """The next whole matches, so many that all reads of an epoch have about `rows` rows."""
        dataset = self._dataset
        epoch, place = divmod(self._done, len(dataset))
        left = len(dataset) - place
        reads = max(1, round(left / at_once(dataset, rows)))
        numbers = self._ordered(epoch)[place : place + -(-left // reads)]
        windows = [self._now(window) for window in dataset.windows(numbers) if len(window)]
        if not windows:
            raise UserError(f"the dataset {dataset.root} has matches without an own turn of anybody")
        ticks = windows[0].ticks
        assert ticks is not None, "recorded matches are whole"
        self._done += len(numbers)
        stats = {"matches": float(len(numbers)), "epoch": self._done / len(dataset)}
        return Played(windows, len(ticks) - len(numbers), stats, Told())

    def save(self) -> Checkpoint:
        """Where it stands."""
        return Checkpoint({}, {"seed": self._seed, "read": self._done})

    def _now(self, window: Trajectory) -> Trajectory:
        """The same rows as if the weights of now had played them: recorded matches do not grow old."""
        return replace(window, version=np.full(len(window), self.version))

    def _ordered(self, epoch: int) -> Ints:
        """All matches in the order of an epoch."""
        if epoch != self._epoch:
            keys = rng.mix(self._seed, _ORDER, epoch, np.arange(len(self._dataset)))
            self._epoch, self._order = epoch, np.argsort(rng.uniform(keys), kind="stable")
        return self._order


def at_once(dataset: Dataset, rows: int) -> int:
    """How many matches have about so many rows."""
    return max(1, round(rows * len(dataset) / max(1, dataset.header.rows)))


def reader(
    dataset: Dataset,
    spec: EnvSpec,
    hyper: Hyper,
    experience: Experience,
    rewards: Rewards,
    live: NetworkPolicy,
    seed: int,
    saved: Checkpoint | None,
) -> LiveSampler:
    """What reads instead of playing. Raises UserError where the dataset is of another environment, or empty."""
    dataset.fits(spec)
    if not len(dataset):
        raise UserError(f"the dataset {dataset.root} has no matches: record some (`marl record`)")
    modules = module_ids(spec, hyper.sharing)
    most = 2 * at_once(dataset, hyper.rows)  # matches of one read
    statistics = Statistics(live, modules, most, hyper.discount, None)
    return LiveSampler(Reading(dataset, live, modules, seed, saved), rewards, statistics, experience)
