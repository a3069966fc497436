"""Asynchronous against synchronous PPO on two cores: env steps a second, and what is learned in equally many of them.

Three ways on Ray, with the same network, rows and minibatches: `synchronous` (two samplers, then the learner),
`ahead` (`staleness: 1`: one sampler, and the learner meanwhile) and `free` (the same, with two samplers whose rows are
learned from as they come). Each seed learns a game from nothing in all of them, one after the other, so that a slow
moment of the machine hits all. Speed is that of the updates after the first. CartPole's return is the mean of 100
greedy matches; Connect Four's is the share of points in 400 matches against random play, and against what the same seed
learned synchronously, drawing moves.
"""

from __future__ import annotations

import logging
import statistics
import time
import warnings
from dataclasses import dataclass
from typing import Any

from _common import arguments, medians, one_torch_thread, ratio, report, table

WAYS: dict[str, dict[str, Any]] = {
    "synchronous": {"samplers": 2},
    "ahead": {"staleness": 1},
    "free": {"samplers": 2, "staleness": 1, "free": True},
}
FIRST = 40  # of the seeds; nothing was tuned on them


@dataclass(frozen=True)
class Task:
    """A game, how PPO learns it, and for how long."""

    env: str
    params: dict[str, Any]
    env_steps: int
    quick: int


TASKS = {
    "connect_four": Task(
        "classic/connect_four", {"lanes": 64, "rows": 4096, "minibatch": 512, "epochs": 4, "lr": 1e-3}, 120_000, 40_000
    ),
    "cartpole": Task(
        "gymnasium/cartpole",
        {
            "model": {"separate_value": True},
            "lanes": 16,
            "rows": 2048,
            "minibatch": 256,
            "epochs": 8,
            "lr": 1e-3,
            "entropy": 0.0,
        },
        30_000,
        12_000,
    ),
}


class Services:
    """What an engine asks for."""

    def __init__(self, env: str) -> None:
        from marl.compute import Compute
        from marl.registry import Component

        self.env, self.compute = Component(env), Compute("ray")
        self.spec = self.environment(1).spec

    def environment(self, lanes: int) -> Any:
        """The game, as the registry makes it."""
        from marl.registry import ENVIRONMENTS, load_registry

        return load_registry().make(ENVIRONMENTS, self.env.name, {}, lanes=lanes)

    def warn(self, text: str) -> None:
        """Say what is odd."""
        print(text)


def learned(algorithm: Any, services: Any, seed: int, env_steps: int) -> tuple[float, dict[str, float], Any]:
    """Env steps a second, how much was dropped and how old rows were, and the snapshot."""
    from marl.job import SELF, Job

    opponents = ((), ((SELF, 1.0),)) if len(services.spec.sides) == 2 else ((),)
    job = Job("rllib/ppo", 0, opponents, seed, budget={"env_steps": env_steps})
    engine = algorithm.engine(job, services)
    engine.begin(job, services)
    told = [engine.update()]
    started, before = time.perf_counter(), engine.progress.env_steps
    while not engine.done:
        told.append(engine.update())
    speed = (engine.progress.env_steps - before) / (time.perf_counter() - started)
    snapshot = engine.backend.policy.snapshot()
    rows = sum(one["rows"] for one in told)
    dropped = sum(one.get("dropped", 0.0) for one in told)
    figures = {"dropped": dropped / (rows + dropped), "staleness": statistics.mean(one["staleness"] for one in told)}
    return speed, figures, snapshot


def play(task: Task, snapshots: list[Any], matches: int, greedy: bool = False) -> float:
    """The mean return of one player, or the first one's share of points against the second (None: random play)."""
    from marl.arena import Arena, Pairings
    from marl.policies.random import Random
    from marl.training.networks import restore
    from marl.training.networks.policy import NetworkParams

    environment = Services(task.env).environment(100)
    spec = environment.spec
    policies = [Random(spec) if one is None else restore(spec, one, NetworkParams(greedy)) for one in snapshots]
    if len(policies) == 1:
        return float(Arena(environment).play(policies, Pairings.repeat([[0]], matches, seed=1)).returns[:, 0].mean())
    results = Arena(environment).play(policies, Pairings.repeat([[0, 1], [1, 0]], matches // 2, seed=1))
    first = results.players[:, 0] == 0
    mine = results.returns[first, 0].sum() + results.returns[~first, 1].sum()
    return float(0.5 + 0.5 * mine / len(results))


def measured(task: Task, seeds: int, env_steps: int, matches: int) -> dict[str, Any]:
    """The figures of one game, by way and in the order of the seeds."""
    from marl.registry import ALGORITHMS, load_registry

    services, registry = Services(task.env), load_registry()
    algorithms: dict[str, Any] = {
        way: registry.make(ALGORITHMS, "rllib/ppo", {**task.params, **changed}) for way, changed in WAYS.items()
    }
    speeds: dict[str, list[float]] = {way: [] for way in WAYS}
    returns: dict[str, list[float]] = {way: [] for way in WAYS}
    meeting: dict[str, list[float]] = {way: [] for way in WAYS if way != "synchronous"}
    figures: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for seed in range(FIRST, FIRST + seeds):
        found: dict[str, Any] = {}
        for way in WAYS:
            speed, figure, found[way] = learned(algorithms[way], services, seed, env_steps)
            speeds[way].append(speed)
            figures[way].append(figure)
            if task.env.startswith("classic"):
                returns[way].append(play(task, [found[way], None], matches))
                if way != "synchronous":
                    meeting[way].append(play(task, [found[way], found["synchronous"]], matches))
            else:
                returns[way].append(play(task, [found[way]], 100, greedy=True))
            print(
                f"{task.env}, seed {seed}, {way}: {speed:,.0f} env steps/s, {returns[way][-1]:.3f}, {figure}",
                flush=True,
            )
    for engine in (engine for one in algorithms.values() for engine in one._engines.values()):
        engine.backend.close()
    table(speeds, "env steps/s")
    dropped = {way: statistics.mean(one["dropped"] for one in figures[way]) for way in WAYS}
    figures_of = {"speeds": speeds, "returns": returns, "dropped": dropped, "env_steps": env_steps}
    return figures_of | ({"against_synchronous": meeting} if any(meeting.values()) else {})


def main() -> None:
    options = arguments(__doc__)
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    one_torch_thread()
    from marl.training.backends import ray_session

    seeds, matches = (1, 40) if options.quick else (3, 400)
    with ray_session.held():
        found = {
            name: measured(task, seeds, task.quick if options.quick else task.env_steps, matches)
            for name, task in TASKS.items()
        }
    speeds = found["connect_four"]["speeds"]
    middle = medians(speeds)
    report(
        "async",
        middle["ahead"],
        middle["synchronous"],
        ratio(speeds, "ahead", "synchronous"),
        "env steps/s",
        free_over_synchronous=ratio(speeds, "free", "synchronous"),
        cartpole_ratio=ratio(found["cartpole"]["speeds"], "ahead", "synchronous"),
        cartpole_free_ratio=ratio(found["cartpole"]["speeds"], "free", "synchronous"),
        **found,
    )


if __name__ == "__main__":
    main()
