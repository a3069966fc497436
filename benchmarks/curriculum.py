"""Does a curriculum beat uniform tasks? PPO on `classic/rooms`, equal env steps, some seeds, on hard tasks held out.

Training draws tasks of 1 to 12 rooms: all alike (`marl/uniform`), or as a curriculum says. What each seed learned then
plays 14 rooms, which it has never seen, with and without locked doors and lava, drawing its moves as in training; and
the tasks of 11 and 12 rooms with locked doors, on levels that it has never seen. The score is the share of matches that
reach the goal.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np
from _common import one_torch_thread, report

from marl import rng
from marl.arena import Arena, Pairings
from marl.job import Job
from marl.registry import ALGORITHMS, ENVIRONMENTS, POLICIES, load_registry

ENV, CURRICULA = "classic/rooms", ("marl/uniform", "marl/frontier", "marl/progress")
PPO = {"lanes": 64, "rows": 4096, "minibatch": 512, "epochs": 4, "lr": 1e-3, "entropy": 0.01}
_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


class Services:
    """What training asks for: environments, and where to log."""

    def __init__(self, most: int) -> None:
        self.params = {"most": most}
        self.spec = self.environment(1).spec

    def environment(self, lanes: int) -> Any:
        return load_registry().make(ENVIRONMENTS, ENV, self.params, lanes=lanes)

    def log(self, step: int, **values: float) -> None:
        """Nothing: only the end counts."""

    def warn(self, text: str) -> None:
        print(text)


def learned(curriculum: str, seed: int, env_steps: int, most: int) -> Any:
    """The policy that PPO learned with this curriculum."""
    services: Any = Services(most)
    job = Job("rllib/ppo", 0, ((),), seed=seed, budget={"env_steps": env_steps}, tasks={"name": curriculum})
    trained = load_registry().make(ALGORITHMS, "rllib/ppo", PPO).train(job, services)
    snapshot = trained.snapshot
    return load_registry().make(POLICIES, snapshot.policy, {}, spec=services.spec, snapshot=snapshot)


def success(policy: Any, params: dict[str, int], chosen: list[int] | None, matches: int, seed: int) -> float:
    """The share of matches that the policy wins, evenly over the `chosen` tasks (None: all)."""
    environment = load_registry().make(ENVIRONMENTS, ENV, params, lanes=256)
    tasks = np.arange(len(environment.spec.tasks)) if chosen is None else np.array(chosen)
    count = -(-matches // len(tasks))
    pairings = Pairings(
        np.zeros((count * len(tasks), 1), np.int64),
        rng.mix(seed, np.arange(count * len(tasks))),
        np.repeat(tasks, count),
    )
    return float(Arena(environment).play([policy], pairings).returns[:, 0].mean())


def interval(values: list[float]) -> str:
    """Mean and the half-width of its 95 % t-interval."""
    half = _T[len(values) - 1] * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{statistics.mean(values):.3f} ± {half:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=150_000, help="env steps of each training")
    parser.add_argument("--most", type=int, default=12, help="the most rooms in training")
    parser.add_argument("--seeds", type=int, default=3, help="2 to 10")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--matches", type=int, default=1000, help="matches of each comparison")
    parser.add_argument("--curricula", nargs="+", default=list(CURRICULA))
    parser.add_argument("--quick", action="store_true", help="a rough answer in a minute")
    options = parser.parse_args()
    if options.quick:
        options.steps, options.seeds, options.matches = 40_000, 2, 100
    one_torch_thread()
    most, names = options.most, Services(options.most).spec.tasks.names
    hard = [task for task, name in enumerate(names) if int(name.split("_")[0]) >= most - 1 and "keys" in name]
    train, held_out = {"most": most}, {"fewest": most + 2, "most": most + 2}
    scores: dict[str, dict[str, list[float]]] = {
        name: {"held out": [], "hard": [], "all": []} for name in options.curricula
    }
    for seed in range(options.first, options.first + options.seeds):
        for name in options.curricula:
            started = time.perf_counter()
            policy = learned(name, seed, options.steps, most)
            took = time.perf_counter() - started
            for what, params, tasks in (("held out", held_out, None), ("hard", train, hard), ("all", train, None)):
                scores[name][what].append(success(policy, params, tasks, options.matches, 9000 + seed))
            line = ", ".join(f"{what} {values[-1]:.3f}" for what, values in scores[name].items())
            print(f"seed {seed} {name:14} {line} ({took:.0f} s)", flush=True)
    print(
        f"\n{'':14}  {f'{most + 2} rooms, held out':>20}  {f'{most - 1} and {most} rooms, keys':>20}  {'all tasks':>20}"
    )
    for name, of in scores.items():
        print(f"{name:14}  " + "  ".join(f"{interval(values):>20}" for values in of.values()))
    means = {name: statistics.mean(of["held out"]) for name, of in scores.items()}
    ours, peer = means.get("marl/progress", 0.0), means.get("marl/uniform", 0.0)
    report(
        "curriculum", ours, peer, ours / max(peer, 1e-9), "share of matches won", env_steps=options.steps, scores=scores
    )


if __name__ == "__main__":
    main()
