"""What processes buy: two samplers against one, and sampling while learning against one after the other.

Sampling dominates where it is measured alone: Connect Four, a 256x256 network, one short epoch. Learning and sampling
weigh about the same where one goes on during the other (`staleness: 1`). All engines live at the same time and are
asked in turn, so that a slow moment of the machine hits all of them. `ceiling` is what the machine gave two busy
processes over one in the same rounds: no backend can do better than that.
"""

from __future__ import annotations

import logging
import multiprocessing
import time
import warnings
from collections.abc import Callable
from typing import Any

from _common import arguments, interleaved, medians, one_torch_thread, ratio, report, table


def engine(backend: Any = "local", learners: int = 0, **params: Any) -> Any:
    """PPO self-play on Connect Four, begun."""
    from marl.compute import Compute
    from marl.job import SELF, Job
    from marl.registry import Component
    from marl.training.algorithm import Engine
    from marl.training.modules import module_specs
    from marl.training.parts import Parts
    from marl_classic.connect_four import ConnectFour
    from marl_rllib.params import PPOParams
    from marl_rllib.ppo import PPOLearner

    class Services:
        env = Component("classic/connect_four")

        def environment(self, lanes: int) -> ConnectFour:
            return ConnectFour(lanes)

    # a job that does not end here: at its end nothing is sampled ahead any more
    spec, hyper = ConnectFour(1).spec, PPOParams(env_steps=10**9, **params)
    made = Engine(
        spec, Parts(PPOLearner), module_specs(spec, hyper.model, "all", (0, 1)), hyper, Compute(backend, learners)
    )
    services: Any = Services()
    made.begin(Job("rllib/ppo", 0, ((), ((SELF, 1.0),)), seed=1), services)
    return made


def sampling(made: Any, rows: int) -> Callable[[], float]:
    """Rows a second of the samplers alone, columns in reach of the learner."""
    import ray

    def task() -> float:
        samplers, learners = made.backend.samplers, made.backend.learners
        started = time.perf_counter()
        samplers.ask(rows, learners.weights, {}, 0)
        _, references = samplers.take()
        ray.get(references)
        return rows / (time.perf_counter() - started)

    return task


def training(made: Any, updates: int) -> Callable[[], float]:
    """Env steps a second of whole updates."""

    def task() -> float:
        started = time.perf_counter()
        steps = sum(made.update()["env_steps"] for _ in range(updates))
        return float(steps) / (time.perf_counter() - started)

    return task


def spin(count: int) -> None:
    """A fixed piece of work."""
    for _ in range(count):
        pass


def busy(processes: int) -> Callable[[], float]:
    """Pieces of work a second of so many processes."""
    pool = multiprocessing.get_context("spawn").Pool(processes)
    pool.map(spin, [1] * processes)

    def task() -> float:
        started = time.perf_counter()
        pool.map(spin, [20_000_000] * processes, chunksize=1)
        return processes / (time.perf_counter() - started)

    task.pool = pool  # type: ignore[attr-defined]
    return task


def main() -> None:
    options = arguments(__doc__)
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    one_torch_thread()
    from marl.training.networks import ModelConfig

    wide = {"lanes": 128, "rows": 8192, "model": ModelConfig(hidden=[256, 256]), "backend": "ray"}
    small = {"lanes": 128, "rows": 4096, "minibatch": 512, "epochs": 4}
    one, two = engine(**wide), engine(**wide, samplers=2)
    local, ahead = engine(**small), engine(**small, backend="ray", staleness=1)
    both = engine(**small, backend="ray", learners=1, staleness=1)
    rows, updates = (16384, 4) if options.quick else (65536, 20)
    tasks = {
        "one process": busy(1),
        "two processes": busy(2),
        "1 sampler": sampling(one, rows),
        "2 samplers": sampling(two, rows),
        "local": training(local, updates),
        "ahead": training(ahead, updates),
        "ahead, remote learner": training(both, updates),
    }
    try:
        results = interleaved(tasks, rounds=2 if options.quick else 7)
    finally:
        for made in (one, two, local, ahead, both):
            made.backend.close()
        for name in ("one process", "two processes"):
            tasks[name].pool.terminate()  # type: ignore[attr-defined]
    table(results, "pieces, rows or env steps/s")
    middle = medians(results)
    report(
        "ray_scaling",
        middle["2 samplers"],
        middle["1 sampler"],
        ratio(results, "2 samplers", "1 sampler"),
        "rows/s",
        ceiling=ratio(results, "two processes", "one process"),
        ahead_over_local=ratio(results, "ahead", "local"),
        remote_ahead_over_local=ratio(results, "ahead, remote learner", "local"),
        local=middle["local"],
        ahead=middle["ahead"],
    )


if __name__ == "__main__":
    main()
