"""A player that learns from recorded matches to do as they did there, to be brought into a league."""

from __future__ import annotations

from pathlib import Path

from league.services import LeagueServices
from marl.algorithm import Checking, Planned, close
from marl.blobs import Blobs
from marl.datasets import Dataset
from marl.errors import UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Component, Registry
from marl.run.players import Contestant, environment_of
from marl.scenario import plain
from marl.services import train
from marl.snapshot import canonical


def clone(run: Path, dataset: Path, algorithm: Component, budget: int, registry: Registry, seed: int = 0) -> Contestant:
    """Learn from `dataset`, by an algorithm that can, `budget` ticks of it; nothing is played and nothing is written.

    Raises UserError where the recorded matches are not of the league's environment, or the algorithm must play.
    """
    env = environment_of(run, registry)
    recorded = Dataset(dataset)
    there = Component(recorded.header.environment, dict(recorded.header.params))
    if env is None or canonical(plain(env)) != canonical(plain(there)):
        raise UserError(f"{dataset} is of {there}, and {run} plays {env}")
    services = LeagueServices(registry, env, Blobs(run / "blobs"), seed=seed)
    services.recorded = recorded
    params = dict(algorithm.params)
    made = registry.make(ALGORITHMS, algorithm.name, params)
    if isinstance(made, Planned):
        params |= made.for_run(budget, len(services.spec.agents))
        made = registry.make(ALGORITHMS, algorithm.name, params)
    job = Job(
        algorithm=algorithm.name, params=plain(params), side=0,
        opponents=((), *(((SELF, 1.0),) for _ in services.spec.sides[1:])),
        seed=seed, env=canonical(plain(env)), budget={"env_steps": budget}, dataset=recorded.id,
    )  # fmt: skip
    try:
        if isinstance(made, Checking):
            made.check_job(job, services.spec)
        snapshot = train(registry, made, job, services).snapshot
    finally:
        close(made)
    return Contestant(str(dataset), (((snapshot, 1.0),),), env, job.sides)
