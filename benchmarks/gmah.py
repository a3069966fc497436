"""GMAH and flat QMIX side by side in `coop/stages`: how soon a team opens rooms together, from the same seeds.

All have networks of the same widths, the same exploration and the same number of gradient steps; QMIX also with GMAH's
lambda-returns. A run's figures: the mean return over all its updates (the area under its curve), that of the last
tenth, and how many of the last 200 matches opened the first room of several. The ratio is that of the mean areas, GMAH
over the better QMIX.

    python benchmarks/gmah.py --env-steps 30000 --seeds 11 12 13 14 15
    python benchmarks/gmah.py --rooms 2 --steps 60 --env-steps 40000 --seeds 11 12 13 14 15
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from _common import one_torch_thread, report

PARAMS: dict[str, Any] = {
    "lanes": 32,
    "rows": 1920,
    "minibatch": 16,
    "steps_per_episode": 0.5,
    "capacity": 2000,
    "lr": 0.001,
    "discount": 0.97,
    "target_rate": 0.02,
    "exploration": 0.5,
}
FLAT = {"model": {"hidden": [64, 64], "activation": "relu", "identity": True}}
GOALS = {"model": {"kind": "values/goals", "params": {"hidden": [64, 64]}, "identity": True}}
RUNS = {
    "gmah": ("values/gmah", GOALS),
    "qmix": ("values/qmix", FLAT),
    "qmix, trace 0.6": ("values/qmix", {**FLAT, "trace": 0.6}),
}


class Run(NamedTuple):
    """See the top of this page."""

    area: float
    last: float
    opened: float


def run(name: str, params: Mapping[str, Any], env: Mapping[str, Any], env_steps: int, seed: int) -> Run:
    """Train from a seed."""
    from marl.job import Job
    from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry

    registry, returns = load_registry(), []

    class Services:
        spec = registry.make(ENVIRONMENTS, "coop/stages", env, lanes=1).spec

        def environment(self, lanes: int) -> Any:
            return registry.make(ENVIRONMENTS, "coop/stages", env, lanes=lanes)

        def log(self, step: int, **values: float) -> None:
            returns.append(values.get("return", 0.0))  # where no match ended, none was won

    services: Any = Services()
    algorithm: Any = registry.make(ALGORITHMS, name, {**PARAMS, **params, "horizon": env_steps})
    job = Job(name, 0, ((),), seed, budget={"env_steps": env_steps})
    engine = algorithm.engine(job, services)
    engine.begin(job, services)
    engine.run(services.log)
    ring = engine.backend.experience.rings["side0"]
    kept = ring.take(np.arange(ring.total - min(200, ring.size), ring.total) % ring.capacity)
    there = np.pad(kept["valid"], ((0, 0), (1, 0)), constant_values=True)
    room = np.where(there, kept["state"][..., -env["rooms"] :].argmax(2), 0).max(1)
    end = max(1, len(returns) // 10)
    return Run(statistics.fmean(returns), statistics.fmean(returns[-end:]), float((room > 0).mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, 4,000 env steps")
    parser.add_argument("--algorithms", nargs="+", default=list(RUNS), help="which of them")
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--steps", type=int, default=30, help="ticks of a match")
    parser.add_argument("--env-steps", type=int, default=30_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13, 14, 15])
    options = parser.parse_args()
    if options.quick:
        options.env_steps, options.seeds = 4_000, [11]
    one_torch_thread()
    env = {"rooms": options.rooms, "size": 3, "agents": 2, "bait": 0.0, "steps": options.steps}
    found: dict[str, list[Run]] = {name: [] for name in options.algorithms}
    for seed in options.seeds:
        for name in options.algorithms:
            algorithm, params = RUNS[name]
            found[name].append(run(algorithm, params, env, options.env_steps, seed))
            one = found[name][-1]
            print(f"seed {seed} {name:16} area {one.area:.3f} last {one.last:.3f} opened {one.opened:.2f}", flush=True)
    area = {name: statistics.fmean(one.area for one in runs) for name, runs in found.items()}
    ours, peer = area.pop("gmah", 0.0), max(area.values(), default=0.0)
    report("gmah", ours, peer, ours / max(peer, 1e-9), "mean return", **found)


if __name__ == "__main__":
    main()
