"""Line-ups: who plays in a job's matches. Policy 0 is always the live learner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.arena.pairings import Mixtures, Profiles
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import SELF, Job
from marl.types import Floats


@dataclass(frozen=True)
class Lineup:
    """`ids`: the policies, "self" first, then snapshot ids in the order of the job. `weights`: `float64[S, P]`.

    `sides`: those that the live learner plays, at least now and then; their rows are learned from. `joint`: where
    opponents are drawn together, of which `weights` are the marginals. `dataset`: the id of recorded matches that are
    read instead of playing, or None.
    """

    ids: tuple[str, ...]
    weights: Floats
    sides: tuple[int, ...]
    joint: Profiles | None = None
    dataset: str | None = None

    @property
    def seats(self) -> list[list[str]]:
        """Who may sit on each side, and all of them first, in their order: matches of equal seats are alike."""
        return [list(self.ids), *([self.ids[index] for index in np.flatnonzero(row)] for row in self.weights)]

    def source(self, seed: int) -> Mixtures:
        """An endless source of matches between these."""
        return Mixtures(self.weights, seed, joint=self.joint)


def lineup(job: Job, spec: EnvSpec) -> Lineup:
    """The line-up of a job. Raises UserError where its mixtures do not fit the environment's sides."""
    if len(job.opponents) != len(spec.sides):
        raise UserError(f"the job has {len(job.opponents)} mixtures, but the environment has {len(spec.sides)} sides")
    if not 0 <= job.side < len(spec.sides):
        raise UserError(f"the job is for side {job.side}, but the sides are 0 to {len(spec.sides) - 1}")
    mixtures = [((SELF, 1.0),) if side == job.side else mixture for side, mixture in enumerate(job.opponents)]
    ids = tuple(dict.fromkeys((SELF, *(id for mixture in mixtures for id, _ in mixture))))
    weights = np.zeros((len(mixtures), len(ids)))
    for side, mixture in enumerate(mixtures):
        for id, weight in mixture:
            weights[side, ids.index(id)] += weight
        if not weights[side].sum() > 0:
            raise UserError(f"side {side} has no opponent: give it a mixture of snapshots, or {SELF!r}")
    joint = None
    if job.joint is not None:
        players = [[ids.index(id or SELF) for id in profile] for profile, _ in job.joint]
        joint = Profiles(np.array(players), np.array([weight for _, weight in job.joint]))
    return Lineup(ids, weights, tuple(np.flatnonzero(weights[:, 0] > 0).tolist()), joint, job.dataset)
