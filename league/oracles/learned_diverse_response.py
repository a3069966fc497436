"""The diverse best response of an algorithm that learns from matches: it is told, slice by slice, whom to aim at.

What it maximises is `payoff + weight * diversity`, where diversity goes by the row of payoffs that a player would have
against those who are met. The first slice answers the meta-strategy. Then the row is known by matches, and with it the
slope of diversity; a step along that slope is a best response too, to opponents who are met the more often, the more it
is worth to earn more against them. So the next slice goes on against these, as the exact oracle does
(`diverse_response.py`: the concave-convex procedure), and no algorithm has to know of it. Whom it would be worth to
lose to is met no more, so a step may lead astray: the slice that is worth most, by its matches, is the answer.
Source: Perez-Nieves et al., "Modelling behavioural diversity for learning in open-ended games", ICML 2021, who add the
diversity of the estimated row to a learned best response's objective.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from league.diversity import Diversity, Gain, Known
from league.hookspecs import DIVERSITIES
from marl import rng
from marl.algorithm import Algorithm, Checking, Checkpoint, Services, Trained, close
from marl.arena import Arena, Pairings
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import Job, Mixture
from marl.registry import ALGORITHMS, load_registry
from marl.registry.ranges import at_least
from marl.scenario import Component, component
from marl.services import restore
from marl.snapshot import Snapshot
from marl.types import Floats

_LANES = 256
_BEFORE = "the slice before"  # as a checkpoint's id, within a job


@dataclass
class Params:
    """Who learns, in how many slices, and what diversity is worth to it."""

    learner: Component = component("algorithms", default="rllib/ppo", help="learns, a slice at a time")
    diversity: Component = component("diversities", default="league/cardinality", help="what a new player adds")
    weight: float = 0.1
    """What a unit of diversity is worth, in the largest payoff among those who are known."""
    slices: int = 3
    """Jobs of the learner: the first answers the meta-strategy, each later one what diversity makes of it."""
    matches: int = 200
    """Matches against each who is met, after each slice, by which its payoffs are known."""
    own: list[str] = field(default_factory=list)
    """The snapshots that it shall differ from: a strategy such as `league/diverse_psro` fills them in."""
    weights: list[float] = field(default_factory=list)
    """Their weights."""
    met: list[str] = field(default_factory=list)
    """The snapshots that payoffs are counted against."""
    table: list[list[float]] = field(default_factory=list)
    """What each of the first earns against each of these, as the league knows it."""

    def __post_init__(self) -> None:
        at_least(self, 1, "slices", "matches")
        at_least(self, 0, "weight")


class LearnedDiverseResponse:
    """An algorithm for the jobs of `league/diverse_psro`."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """Raises UserError where `train` would refuse the job."""
        if len(spec.sides) != 2 or job.joint is not None:
            raise UserError(f"{job.algorithm} answers one other side, by a mixture")
        if not (self.params.own and self.params.met):
            raise UserError(f"{job.algorithm} is to be told whom to differ from: use it with league/diverse_psro")
        if behaves(self._measure()):
            raise UserError(
                f"{job.algorithm} knows what a player earns, by matches, and {self.params.diversity.name} looks at how "
                "it behaves too, which the tree of a small game alone tells: there league/diverse_response is right; "
                "else league/cardinality, or {name: league/behaviour_response, behaviour: 0}"
            )
        learner = self._learner()
        if isinstance(learner, Checking):
            learner.check_job(self._slice(job, 0, job.opponents[1 - job.side], job.parent), spec)

    def train(self, job: Job, services: Services) -> Trained:
        """What the best slice left behind; metrics are its own, and `value` and `diversity` of its row."""
        self.check_job(job, services.spec)
        params, measure, learner = self.params, self._measure(), self._learner()
        known, scale = known_of(params)
        mixture, parent, lent = job.opponents[1 - job.side], job.parent, copy(services)
        faced = np.array([dict(mixture).get(id, 0.0) for id in params.met])
        found: list[tuple[float, Trained]] = []
        try:
            for number in range(params.slices):
                trained = learner.train(self._slice(job, number, mixture, parent), lent)
                row = self._row(job, number, trained.snapshot, services) / scale
                gain, value = measure(known, row, np.ones(1)), float(faced @ row)
                told = {"value": value * scale, "diversity": gain.value}
                worth = value + params.weight * gain.value
                found.append((worth, replace(trained, metrics={**trained.metrics, **told})))
                aim = aimed(faced, gain, params.weight)
                if not aim.any():
                    break
                mixture = tuple((id, float(part)) for id, part in zip(params.met, aim, strict=True) if part > 0)
                parent = _held(lent, services, trained.checkpoint)
        finally:
            close(learner)
        return max(found, key=lambda one: one[0])[1]

    def _row(self, job: Job, number: int, snapshot: Snapshot, services: Services) -> Floats:
        """What a snapshot earns against each who is met, on average over matches, `float64[m]`."""
        count, side = self.params.matches, job.side
        new = restore(load_registry(), services.spec, snapshot)
        policies = [new, *(services.policy(id) for id in self.params.met)]
        pairings = [(0, other) if side == 0 else (other, 0) for other in range(1, len(policies))]
        seed = int(rng.mix(job.seed, number, 1)[0])
        arena = Arena(services.environment(min(_LANES, count * len(pairings))))
        results = arena.play(policies, Pairings.repeat(pairings, count, seed))
        return np.asarray(results.returns[:, side].reshape(len(pairings), count).mean(axis=1))

    def _slice(self, job: Job, number: int, mixture: Mixture, parent: str | None) -> Job:
        learner = self.params.learner
        return replace(
            job,
            algorithm=learner.name,
            params=learner.params,
            opponents=tuple(() if side == job.side else mixture for side in range(2)),
            seed=int(rng.mix(job.seed, number)[0]),
            parent=parent,
        )

    def _learner(self) -> Algorithm:
        return load_registry().make(ALGORITHMS, self.params.learner.name, self.params.learner.params)

    def _measure(self) -> Diversity:
        return load_registry().make(DIVERSITIES, self.params.diversity.name, self.params.diversity.params)


def known_of(params: Params) -> tuple[Known, float]:
    """Who is known, by payoffs alone, in units of the largest; and that. Raises UserError where some are not known."""
    table = np.array(params.table, dtype=np.float64)
    scale = float(np.abs(table).max(initial=0.0)) or 1.0
    weights = np.array(params.weights) / sum(params.weights)
    return Known(table / scale, np.ones((len(table), 1)), weights), scale


def aimed(mixture: Floats, gain: Gain, weight: float) -> Floats:
    """How often each is met, `float64[m]`, when earning more against it is worth `weight` times the slope more.

    All zero where nobody is worth meeting.
    """
    worth = np.maximum(mixture + weight * gain.by_row, 0.0)
    total = float(worth.sum())
    return worth / total if total > 0 else np.zeros_like(worth)


def behaves(measure: Diversity) -> bool:
    """Whether a measure of diversity goes by how players behave, and not by what they earn alone."""
    known = Known(np.array([[0.5, -0.5], [0.1, 0.3]]), np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0.5, 0.5]))
    row = np.array([0.2, -0.3])
    one, other = (measure(known, row, np.array(behaviour)).value for behaviour in ([0.8, 0.2], [0.1, 0.9]))
    return one != other


def _held(lent: Services, services: Services, checkpoint: Checkpoint | None) -> str | None:
    """Lend a checkpoint that nobody stored, by an id of its own; None where there is none to go on from."""
    if checkpoint is None:
        return None
    lent.checkpoint = lambda id: checkpoint if id == _BEFORE else services.checkpoint(id)  # type: ignore[method-assign]
    return _BEFORE
