"""Actor-critics of teams side by side on level-based foraging (8x8, two agents, three pieces of food).

All have one network of two layers of 64 (relu) that is told the agent, and 64 matches at a time. Each learns from each
seed for as many env steps and is then measured over 256 matches: drawing its actions, as it learned to, and greedily.
Random play scores 0.193. Seeds in turn, so that a slow moment hits all. The ratio is that of the first two algorithms.

    python benchmarks/team_critics.py --env-steps 80000 --seeds 21 22 23 --algorithms ctde/mappo ctde/ippo

Other games, and other parameters of the algorithms, are JSON:

    python benchmarks/team_critics.py --env classic/team_matrix --env-params '{"game": "climbing"}' --env-steps 8000 \\
        --params '{"rows": 512, "minibatch": 64, "lr": 0.002, "sharing": "none", "model": {"hidden": [32]}}'
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any, NamedTuple

from _common import one_torch_thread, report

MODEL = {"hidden": [64, 64], "activation": "relu", "identity": True}
PARAMS: dict[str, Any] = {"lanes": 64, "rows": 4096, "minibatch": 16, "model": MODEL}
MATCHES = 256  # that a return is the mean of


class Run(NamedTuple):
    """Env steps per second of CPU time; the return as it plays, and greedily."""

    cpu: float
    drawn: float
    greedy: float


def run(name: str, seed: int, params: dict[str, Any], env: str, env_params: dict[str, Any]) -> Run:
    """Train from a seed, and measure."""
    from marl.arena import Arena, Pairings
    from marl.job import Job
    from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry
    from marl.training.networks import restore
    from marl.training.networks.policy import NetworkParams

    registry = load_registry()

    class Services:
        spec = registry.make(ENVIRONMENTS, env, env_params, lanes=1).spec

        def environment(self, lanes: int) -> Any:
            return registry.make(ENVIRONMENTS, env, env_params, lanes=lanes)

        def log(self, step: int, **values: float) -> None:
            pass

    services: Any = Services()
    algorithm = registry.make(ALGORITHMS, name, params)
    before = time.process_time()
    trained = algorithm.train(Job(name, 0, ((),), seed), services)
    seconds = time.process_time() - before
    returns = []
    for greedy in (False, True):
        policy = restore(services.spec, trained.snapshot, NetworkParams(greedy=greedy))
        played = Arena(services.environment(MATCHES)).play([policy], Pairings.repeat([[0]], MATCHES, seed=1))
        returns.append(float(played.returns[:, 0].mean()))
    return Run(params["env_steps"] / seconds, *returns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, 5,000 env steps")
    parser.add_argument("--env-steps", type=int, default=80_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23])
    parser.add_argument("--algorithms", nargs="+", default=["ctde/mappo", "ctde/ippo"])
    parser.add_argument("--env", default="classic/foraging")
    parser.add_argument("--env-params", type=json.loads, default={})
    parser.add_argument("--params", type=json.loads, default={})
    options = parser.parse_args()
    one_torch_thread()
    seeds, env_steps = (options.seeds[:1], 5_000) if options.quick else (options.seeds, options.env_steps)
    runs: dict[str, list[Run]] = {name: [] for name in options.algorithms}
    for seed in seeds:
        for name, known in runs.items():
            params = {**PARAMS, **options.params, "env_steps": env_steps}
            known.append(run(name, seed, params, options.env, options.env_params))
            print(f"seed {seed}, {name}: {known[-1]}", flush=True)
    means = {
        name: Run(*(statistics.mean(values) for values in zip(*known, strict=True))) for name, known in runs.items()
    }
    for name, (cpu, drawn, greedy) in means.items():
        print(f"{name}: {drawn:.3f} as it plays, {greedy:.3f} greedily, {cpu:,.0f} env steps per second of CPU time")
    one, other, *_ = [*means.values(), *means.values()]
    report("team_critics", one.drawn, other.drawn, one.drawn / other.drawn, "return", seeds=seeds, env_steps=env_steps)


if __name__ == "__main__":
    main()
