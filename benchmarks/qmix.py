"""QMIX on level-based foraging (8x8, two agents, three pieces of food), beside EPyMARL's; and what is made for speed.

Both take the hyper-parameters of EPyMARL's `qmix.yaml`: networks of two layers of 64 (relu) that are told the agent, no
memory, batches of 32 episodes of the newest 5,000, one gradient step for each episode, Adam at 0.0005, gradients
clipped at 10, double Q-learning, a mixer of width 32, and an epsilon that falls from 1 to 0.05 over a quarter of the
steps. What differs: ours plays 16 matches side by side, its target networks follow softly (0.01 a step; EPyMARL's are
copied every 200 episodes), and a match that is cut short is not taken for one that ended; EPyMARL standardises rewards.
Both learn for equally many env steps and are then measured greedily over 100 matches. Seeds in turn, so that a slow
moment hits both.

    python benchmarks/qmix.py --peer CHECKOUT --peer-python PYTHON     # of EPyMARL, with lbforaging 2.0.0 installed

Without `--peer` it measures ours alone, and has no ratio. `values/pqn_vdn` and `values/pqn_qmix`, which keep no replay,
learn with the settings of scenarios/foraging_pqn.yaml:

    python benchmarks/qmix.py --algorithm values/pqn_vdn --env-steps 1000000 --first 11
"""

from __future__ import annotations

import argparse
import math
import os
import re
import resource
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

from _common import one_torch_thread, report

PARAMS: dict[str, Any] = {
    "lanes": 16,
    "rows": 1_600,
    "minibatch": 32,
    "capacity": 5_000,
    "lr": 5e-4,
    "exploration": 0.25,
    "model": {"hidden": [64, 64], "activation": "relu", "identity": True},
}
FRESH = ("values/pqn_vdn", "values/pqn_qmix")  # without a replay
MATCHES = 100  # that a return is the mean of


class Run(NamedTuple):
    """Env steps a second (of the clock, and of CPU time), and the greedy return."""

    speed: float
    cpu: float
    value: float


def settings(name: str, registry: Any) -> dict[str, Any]:
    """The parameters of an algorithm, but for its budget."""
    if name not in FRESH:
        return PARAMS
    from marl.scenario import load_scenario

    known = load_scenario("foraging_pqn", [f"algorithm.name={name}"], registry).config.algorithm.params
    return {key: value for key, value in known.items() if key != "env_steps"}


def ours(name: str, seed: int, env_steps: int) -> Run:
    from marl.arena import Arena, Pairings
    from marl.job import Job
    from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry
    from marl.training.networks import restore
    from marl.training.networks.policy import NetworkParams

    registry = load_registry()

    class Services:
        spec = registry.make(ENVIRONMENTS, "classic/foraging", {}, lanes=1).spec

        def environment(self, lanes: int) -> Any:
            return registry.make(ENVIRONMENTS, "classic/foraging", {}, lanes=lanes)

        def log(self, step: int, **values: float) -> None:
            pass

    services: Any = Services()
    algorithm = registry.make(ALGORITHMS, name, {**settings(name, registry), "env_steps": env_steps})
    started, cpu = time.perf_counter(), time.process_time()
    trained = algorithm.train(Job(name, 0, ((),), seed), services)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    policy = restore(services.spec, trained.snapshot, NetworkParams(greedy=True))
    played = Arena(services.environment(MATCHES)).play([policy], Pairings.repeat([[0]], MATCHES, seed=1))
    return Run(env_steps / seconds, env_steps / cpu, float(played.returns[:, 0].mean()))


def theirs(checkout: Path, python: str, seed: int, env_steps: int) -> Run:
    """EPyMARL, from the first episode to the last; its one test at the end and one at the start count too (5 %)."""
    options = {
        "env_args.key": "lbforaging:Foraging-8x8-2p-3f-v3",
        "env_args.time_limit": 50,
        "t_max": env_steps,
        "epsilon_anneal_time": env_steps // 4,
        "test_interval": env_steps - 100,
        "test_nepisode": MATCHES if env_steps >= 50_000 else 5,
        "log_interval": 500,
        "use_cuda": False,
        "seed": seed,
    }
    command = [python, "-W", "ignore", "src/main.py", "--config=qmix", "--env-config=gymma", "with"]
    command += [f"{key}={value}" for key, value in options.items()]
    before, started, ended, text = resource.getrusage(resource.RUSAGE_CHILDREN), 0.0, 0.0, []
    with subprocess.Popen(
        command,
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": os.environ.get("PEER_PYTHONPATH", "")},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            text.append(line)
            if "Beginning training" in line:
                started = time.perf_counter()
            elif "Finished Training" in line:
                ended = time.perf_counter()
    found = re.findall(r"test_return_mean:\s+([-\d.]+)", "".join(text))
    if not found or not ended:
        raise SystemExit("EPyMARL did not come to its end; the last it said:\n" + "".join(text[-15:]))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(env_steps / (ended - started), env_steps / cpu, float(found[-1]))


def interval(values: list[float]) -> str:
    """Mean and 95 % interval over three seeds (Student's t)."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return f"{mean:.3f}"
    return f"{mean:.3f} ± {4.303 * statistics.stdev(values) / math.sqrt(len(values)):.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, 4,000 env steps")
    parser.add_argument("--peer", type=Path, help="a checkout of EPyMARL")
    parser.add_argument("--peer-python", default="python", help="the Python that has what it needs")
    parser.add_argument("--algorithm", choices=("values/qmix", *FRESH), default="values/qmix")
    parser.add_argument("--env-steps", type=int, default=200_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    one_torch_thread()
    seeds, env_steps = (1, 4_000) if options.quick else (options.seeds, options.env_steps)
    mine: list[Run] = []
    peer: list[Run] = []
    for seed in range(options.first, options.first + seeds):
        mine.append(ours(options.algorithm, seed, env_steps))
        print(f"seed {seed}, ours: {mine[-1]}", flush=True)
        if options.peer:
            peer.append(theirs(options.peer.resolve(), options.peer_python, seed, env_steps))
            print(f"seed {seed}, EPyMARL: {peer[-1]}", flush=True)
    for name, runs in (("ours", mine), ("EPyMARL", peer)):
        if runs:
            print(f"{name}: return {interval([run.value for run in runs])} after {env_steps:,} env steps")
    speeds = [statistics.median([run.speed for run in runs]) if runs else math.nan for runs in (mine, peer)]
    ratio = statistics.median(a.speed / b.speed for a, b in zip(mine, peer, strict=True)) if peer else math.nan
    detail = {
        "env_steps": env_steps,
        "cpu_ratio": statistics.median(a.cpu / b.cpu for a, b in zip(mine, peer, strict=True)) if peer else math.nan,
        "returns": [run.value for run in mine],
        "peer_returns": [run.value for run in peer],
    }
    report("qmix_foraging", *speeds, ratio, "env steps/s", **detail)


if __name__ == "__main__":
    main()
