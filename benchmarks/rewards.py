"""What rewards are worth: `explore` (does novelty find what chance does not?), `held` (is a constraint held?), `judge`.

`explore`: PPO on `classic/deep_sea`, with the game's own reward alone and with random network distillation beside it:
the mean return of the last tenth of the updates, 0.99 where all matches find the treasure. `held`: PPO on the pendulum,
with a constraint on its mean speed and without: return and mean speed over the last fifth of the updates. `judge`: a
policy of three answers that knows nothing but what a judge prefers who goes round in circles, with preferences as wins
(`nash/spo`) and with a Bradley-Terry model: how far it is from the uniform mixture (total variation), on average and at
most over the last half of the updates, and what the model scores the three answers.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from _common import one_torch_thread

from marl.blobs import Blobs
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, ENVIRONMENTS, Component, load_registry
from marl.services import RunServices, train

CIRCLE = [[0.5, 0.1, 0.9], [0.9, 0.5, 0.1], [0.1, 0.9, 0.5]]  # each is mostly preferred to the one before

NOVELTY = {
    "channels": {"novelty": {"name": "rewards/rnd", "share": 1.0}},
    "weights": {"novelty": {"start": 0.2, "end": 0.0, "until": 0.9}},
}
SPEED = {"speed": {"name": "rewards/value", "of": "abs(observation[2])"}}
BOUND = 1.0
SEA = {"lanes": 64, "rows": 2048, "minibatch": 256, "epochs": 3, "lr": 5e-4, "entropy": 0.05, "model": {"hidden": [64]}}
POLE = {"lanes": 16, "rows": 512, "minibatch": 128, "epochs": 5, "lr": 1e-3, "entropy": 0.0, "discount": 0.95}
POLE |= {"model": {"separate_value": True}}


class Services:
    """What training asks for: environments, and where to log."""

    def __init__(self, name: str, **params: Any) -> None:
        self.name, self.params, self.logged = name, params, list[dict[str, float]]()
        self.spec = self.environment(1).spec

    def environment(self, lanes: int) -> Any:
        return load_registry().make(ENVIRONMENTS, self.name, self.params, lanes=lanes)

    def log(self, step: int, **values: float) -> None:
        self.logged.append(values)

    def warn(self, text: str) -> None:
        print(text)


def trained(services: Any, params: dict[str, Any], seed: int, env_steps: int) -> list[dict[str, float]]:
    """What the updates of a PPO run logged."""
    registry = load_registry()
    job = Job("rllib/ppo", 0, ((),), seed=seed, budget={"env_steps": env_steps}, params=params)
    registry.make(ALGORITHMS, "rllib/ppo", params).train(job, services)
    return list(services.logged)


def explore(seeds: list[int], env_steps: int, size: int) -> None:
    """A line for each seed: mean return of the last tenth of the updates, the game's own."""
    for seed in seeds:
        for name, reward in (("game alone", {}), ("with rnd", {"reward": NOVELTY})):
            began, services = time.perf_counter(), Services("classic/deep_sea", size=size)
            told = trained(services, {**SEA, **reward}, seed, env_steps)
            score = statistics.fmean(one["return"] for one in told[-(len(told) // 10 or 1) :])
            print(f"seed {seed}  {name:10}  return {score:7.4f}  {time.perf_counter() - began:5.0f} s", flush=True)


def held(seeds: list[int], env_steps: int) -> None:
    """A line for each seed: return and mean speed, with the constraint and without, and the last weight."""
    for seed in seeds:
        for name, weight in (("free", 0.0), (f"at most {BOUND:g}", {"at_most": BOUND, "rate": 0.2})):
            began, services = time.perf_counter(), Services("gymnasium/pendulum")
            reward = {"channels": SPEED, "weights": {"game": 0.1, "speed": weight}}
            told = trained(services, {**POLE, "reward": reward}, seed, env_steps)
            late = told[-(len(told) // 5) :]
            speed, score = (
                statistics.fmean(one[key] for one in late if key in one) for key in ("reward.speed", "return")
            )
            paid = late[-1].get("reward.speed.weight", 0.0)
            line = f"return {score:7.0f}  mean speed {speed:.3f}  weight {paid:.2f}"
            print(f"seed {seed}  {name:10}  {line}  {time.perf_counter() - began:5.0f} s", flush=True)


def judge(seeds: list[int], env_steps: int) -> None:
    """A line for each seed and each way of learning from the same judge."""
    ways = {"spo": {"name": "nash/spo", "prefers": CIRCLE}}
    ways["model"] = {"name": "rewards/bradley_terry", "judge": {"prefers": CIRCLE}, "segment": 1, "pairs": 128}
    ways["model"] |= {"most": 100_000, "steps": 20, "hidden": 16, "lr": 0.01}
    for seed in seeds:
        for name, way in ways.items():
            reward = {"channels": {"judge": way}, "weights": {"game": 0.0, "judge": 4.0}}
            params = {
                "lanes": 128,
                "rows": 512,
                "minibatch": 256,
                "lr": 0.01,
                "model": {"hidden": [16]},
                "reward": reward,
            }
            told = mixtures(params, seed, env_steps)
            apart = [0.5 * float(np.abs(one - 1 / 3).sum()) for one in told]
            late = apart[len(apart) // 2 :]
            last = " ".join(f"{share:.2f}" for share in told[-1])
            away = f"mean {statistics.fmean(late):.3f}  most {max(late):.3f}"
            print(f"seed {seed}  {name:6} from uniform: {away}  last {last}", flush=True)


def mixtures(params: dict[str, Any], seed: int, env_steps: int) -> list[Any]:
    """What the policy plays after each fortieth of the run, `float64[3]` each."""
    registry, found, parent = load_registry(), [], None
    with tempfile.TemporaryDirectory() as folder:
        game = Component("classic/matrix", {"payoffs": [[0], [0], [0]]})  # the second player has no choice
        services = RunServices(registry, game, Blobs(Path(folder)), lambda step, values: None)
        for _ in range(40):
            more = {"parent": parent, "budget": {"env_steps": env_steps // 40}, "params": params}
            job = Job("nash/nash_pg", 0, ((), ((SELF, 1.0),)), seed, **more)
            done = train(registry, registry.make(ALGORITHMS, job.algorithm, params), job, services)
            parent = services.blobs.put_checkpoint(done.checkpoint)
            found.append(np.array(services.exact().plan(0, services.blobs.put_snapshot(done.snapshot))[1:]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("explore", "held", "judge"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=40)
    parser.add_argument("--env-steps", type=int, default=200_000)
    parser.add_argument("--size", type=int, default=12)
    given = parser.parse_args()
    one_torch_thread()
    seeds = list(range(given.first, given.first + given.seeds))
    if given.what == "explore":
        explore(seeds, given.env_steps, given.size)
    elif given.what == "held":
        held(seeds, given.env_steps)
    else:
        judge(seeds, given.env_steps)


if __name__ == "__main__":
    main()
