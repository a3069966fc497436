"""The diverse best response: what is worth most where being other than those who are known is worth something.

It maximises `payoff + weight * diversity` over all policies of a side, in sequence form, where a policy's payoffs
against others and how it behaves are linear in its plan. Behaviour is the distribution over how matches end, as far as
its own actions tell. The measures of diversity are convex, or nearly, so their maxima are at pure policies: from the
best response on, it goes to the best response to the objective's slope where it stands, which is never worse, until
nothing changes (the concave-convex procedure; Yuille and Rangarajan, 2003). With a `rate` below 1 it is a weak oracle
instead, as in the papers on diversity: it begins at a policy by chance, and each of the `steps` goes that part of the
way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from league.diversity import Diversity, Known
from league.hookspecs import DIVERSITIES
from marl import rng, tabular
from marl.algorithm import Services, Trained
from marl.env import EnvSpec
from marl.errors import UserError
from marl.exact import Decisions, SequenceForm
from marl.exact_game import ExactGame
from marl.job import Job
from marl.registry import load_registry
from marl.registry.ranges import at_least, at_most
from marl.scenario import Component, component
from marl.types import Floats


@dataclass
class Params:
    """What diversity is, what it is worth, and how hard a best response is looked for."""

    diversity: Component = component("diversities", default="league/policy_space", help="what a new player adds")
    weight: float = 0.1
    """What a unit of diversity is worth, in the most that anybody could earn against one of those who are met."""
    steps: int = 20
    """Steps at most."""
    rate: float = 1.0
    """How far a step goes towards the best response; 1: all the way, from the best response on."""
    own: list[str] = field(default_factory=list)
    """The snapshots that it shall differ from: a strategy such as `league/diverse_psro` fills them in."""
    weights: list[float] = field(default_factory=list)
    """Their weights."""
    met: list[str] = field(default_factory=list)
    """The snapshots that payoffs are counted against."""

    def __post_init__(self) -> None:
        at_least(self, 1, "steps")
        at_least(self, 0, "weight", "rate")
        at_most(self, 1, "rate")


class DiverseResponse:
    """An algorithm for the jobs of `league/diverse_psro`."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """Raises UserError where `train` would refuse the job."""
        if len(spec.sides) != 2 or job.joint is not None:
            raise UserError(f"{job.algorithm} answers one other side, by a mixture")
        if not (self.params.own and self.params.met and len(self.params.own) == len(self.params.weights)):
            raise UserError(f"{job.algorithm} is to be told whom to differ from: use it with league/diverse_psro")

    def train(self, job: Job, services: Services) -> Trained:
        """The answer's table; what it earns and how diverse it is as metrics `value` and `diversity`."""
        self.check_job(job, services.spec)
        game, params = services.exact(), self.params
        problem = posed(game, job, params)
        measure = load_registry().make(DIVERSITIES, params.diversity.name, params.diversity.params)
        decisions = game.form.players[job.side]
        start = None if params.rate == 1 else by_chance(decisions, job.seed)
        plan = problem.solved(measure, params.weight, params.steps, params.rate, start)
        gain = measure(problem.known, problem.row(plan), problem.behaviour(plan))
        metrics = {"value": float(problem.gradient @ plan) * problem.scale, "diversity": gain.value}
        return Trained(tabular.snapshot(decisions, decisions.behaviour(plan)), metrics=metrics)


@dataclass(frozen=True, eq=False)
class Problem:
    """Payoffs and behaviours as linear functions of a plan `[S]`, in units of `scale`.

    `gradient`: `[S]`, what sequences are worth against the mixture; `against`: `[m, S]`, against each who is met;
    `ending`: `[S]`, how likely the others and chance let a match end there.
    """

    decisions: Decisions
    gradient: Floats
    against: Floats
    ending: Floats
    known: Known
    scale: float

    def row(self, plan: Floats) -> Floats:
        """What a plan earns against each."""
        return np.asarray(self.against @ plan)

    def behaviour(self, plan: Floats) -> Floats:
        """How matches end, by the own last sequence."""
        return self.ending * plan

    def solved(self, measure: Diversity, weight: float, steps: int, rate: float, start: Floats | None) -> Floats:
        """The plan where the steps end, from `start`, or from the best response."""
        plan = self.decisions.best(self.gradient)[0] if start is None else start
        for _ in range(steps):
            gain = measure(self.known, self.row(plan), self.behaviour(plan))
            slope = gain.by_row @ self.against + self.ending * gain.by_behaviour
            best, _ = self.decisions.best(self.gradient + weight * slope)
            if rate == 1 and np.array_equal(best, plan):
                break
            plan = (1 - rate) * plan + rate * best
        return plan


def posed(game: ExactGame, job: Job, params: Params) -> Problem:
    """The problem of a job."""
    side, other = job.side, 1 - job.side
    own = np.array([game.plan(side, id) for id in params.own])
    against = np.array([gradient(game.form, side, game.plan(other, id)) for id in params.met])
    faced = game.mixture(other, job.opponents[other])
    table = own @ against.T
    scale = max(abs(game.form.players[side].best(one)[1]) for one in against) or 1.0
    ending = endings(game.form, side, faced)
    weights = np.array(params.weights) / sum(params.weights)
    known = Known(table / scale, own * ending, weights)
    worth = gradient(game.form, side, faced) / scale
    return Problem(game.form.players[side], worth, against / scale, ending, known, scale)


def gradient(form: SequenceForm, side: int, plan: Floats) -> Floats:
    """What the sequences of a side of two are worth against a plan of the other."""
    return form.gradient(side, [plan, plan])


def endings(form: SequenceForm, side: int, plan: Floats) -> Floats:
    """How likely a match ends at each sequence of a side, as far as the other's plan and chance have a say, `[S]`."""
    if form.end is None or form.chance is None:
        raise UserError("how matches end is not told by this game's sequence form, so that behaviours cannot differ")
    likely = form.chance * plan[form.end[:, 1 - side]]
    size = form.players[side].sequences
    return np.bincount(form.end[:, side], weights=likely, minlength=size).astype(np.float64, copy=False)


def by_chance(decisions: Decisions, seed: int) -> Floats:
    """The plan of a policy that is drawn: every action in proportion to a number between 0 and 1."""
    draws = rng.uniform(rng.mix(seed, np.arange(decisions.mask.size))).reshape(decisions.mask.shape)
    weights = np.where(decisions.mask, draws, 0.0)
    return decisions.plan(weights / weights.sum(axis=1, keepdims=True))
