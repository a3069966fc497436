"""What rewards are worth: `explore` (does novelty find what chance does not?), `held` (is a constraint held?), `judge`.

`explore`: PPO on `classic/deep_sea`, with the game's own reward alone and with random network distillation beside it:
the mean return of the last tenth of the updates, 0.99 where all matches find the treasure. `held`: PPO on CartPole,
with a constraint on how far from the middle the cart is, and without: return and distance over the last fifth of the
updates, with the damped rule and with the integral alone. `judge`: a policy of three answers that knows nothing but
what a judge prefers who goes round in circles, with preferences as wins (`nash/spo`) and with a Bradley-Terry model:
how far it is from the judge's minimax winner (total variation), on average and at most over the last half of the run.
`--picture FILE` draws the curves of `judge`.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from _common import one_torch_thread, report
from _rewards import Services, arguments, drawing, head, interval, late, row, trained

from marl.blobs import Blobs
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Component, load_registry
from marl.services import RunServices, train

NOVELTY = {
    "channels": {"novelty": {"name": "rewards/rnd", "share": 1.0}},
    "weights": {"novelty": {"start": 0.2, "end": 0.0, "until": 0.9}},
}
SEA = {"lanes": 64, "rows": 2048, "minibatch": 256, "epochs": 3, "lr": 5e-4, "entropy": 0.05, "model": {"hidden": [64]}}
AWAY = {"away": {"name": "rewards/value", "of": "abs(observation[0])"}}
BOUND = 0.1
RULES: dict[str, Any] = {"free": 0.0, "at most 0.1": {"at_most": BOUND, "rate": 0.5}}
RULES["at most 0.1, the sum alone"] = {"at_most": BOUND, "rate": 0.5, "damping": 0.0}
POLE = {"lanes": 16, "rows": 2048, "minibatch": 256, "epochs": 8, "lr": 1e-3, "lr_end": 2e-4, "entropy": 0.0}
POLE |= {"model": {"separate_value": True}}
# how often the answer of a row is preferred to that of a column; and the mixture that nothing is preferred to
JUDGES = {
    "even": ([[0.5, 0.1, 0.9], [0.9, 0.5, 0.1], [0.1, 0.9, 0.5]], np.full(3, 1 / 3)),
    "uneven": ([[0.5, 0.4, 0.9], [0.6, 0.5, 0.2], [0.1, 0.8, 0.5]], np.array([3, 4, 1]) / 8),
}
MODEL = {"name": "rewards/bradley_terry", "segment": 1, "pairs": 128, "most": 100_000, "steps": 20, "hidden": 16}
MODEL |= {"lr": 0.01}
ANSWERS = {"lanes": 128, "rows": 512, "minibatch": 256, "lr": 0.005, "lr_end": 5e-4, "model": {"hidden": [16]}}
ANSWERS |= {"reference_every": 10, "alpha": 1.0}
LOOKS = 24


def explore(seeds: list[int], env_steps: int, size: int) -> None:
    """A row for each way to learn, by seed."""
    head("", *(f"seed {seed}" for seed in seeds))
    for name, reward in (("the game alone", {}), ("with `rewards/rnd`", {"reward": NOVELTY})):
        found = []
        for seed in seeds:
            services = Services("classic/deep_sea", size=size)
            trained(services, {**SEA, **reward}, seed, env_steps)
            found.append(late(services.logged, "return"))
        row(name, *(f"{one:.3f}" for one in found))


def held(seeds: list[int], env_steps: int) -> None:
    """A row for each weight, by seed: the distance, and the return."""
    head("", *(f"seed {seed}" for seed in seeds), "mean distance", "mean return")
    for name, weight in RULES.items():
        away, score = [], []
        for seed in seeds:
            services = Services("gymnasium/cartpole")
            reward = {"channels": AWAY, "weights": {"away": weight}}
            trained(services, {**POLE, "reward": reward}, seed, env_steps)
            away.append(late(services.logged, "reward.away", 5))
            score.append(late(services.logged, "return", 5))
        cells = (f"{one:.2f} ({points:.0f})" for one, points in zip(away, score, strict=True))
        row(name, *cells, interval(away), interval(score, 0))


def judge(seeds: list[int], env_steps: int, picture: str) -> dict[str, list[list[float]]]:
    """A row for each judge, way and seed; the distances of both ways, a list for each run."""
    head("judge", "", "seed", "mean", "most", "the last mixture", "at 1/8, 2/8, ... of the run")
    curves: dict[str, list[list[float]]] = {}
    for kind, (prefers, winner) in JUDGES.items():
        ways = {"nash/spo": {"name": "nash/spo", "prefers": prefers}}
        ways["a model"] = {**MODEL, "judge": {"prefers": prefers}}
        for name, way in ways.items():
            for seed in seeds:
                reward = {"channels": {"judge": way}, "weights": {"game": 0.0, "judge": 4.0}}
                found = mixtures({**ANSWERS, "horizon": env_steps, "reward": reward}, seed, env_steps)
                apart = [0.5 * float(np.abs(one - winner).sum()) for one in found]
                curves.setdefault(name, []).append(apart)
                half = apart[LOOKS // 2 :]
                last = ", ".join(f"{share:.2f}" for share in found[-1])
                curve = " ".join(f"{one:.2f}" for one in apart[LOOKS // 8 - 1 :: LOOKS // 8])
                row(kind, name, seed, f"{statistics.fmean(half):.3f}", f"{max(half):.3f}", last, curve)
    if picture:
        title = "distance from the mixture that nothing is preferred to (total variation), over env steps"
        Path(picture).write_text(drawing(title, curves, env_steps))
    return curves


def mixtures(params: dict[str, Any], seed: int, env_steps: int) -> list[Any]:
    """What the policy plays after each of `LOOKS` parts of the run, `float64[3]` each."""
    registry, found, parent = load_registry(), [], None
    with tempfile.TemporaryDirectory() as folder:
        game = Component("classic/matrix", {"payoffs": [[0], [0], [0]]})  # the second player has no choice
        services = RunServices(registry, game, Blobs(Path(folder)), lambda step, values: None)
        for _ in range(LOOKS):
            more = {"parent": parent, "budget": {"env_steps": env_steps // LOOKS}, "params": params}
            job = Job("nash/nash_pg", 0, ((), ((SELF, 1.0),)), seed, **more)
            done = train(registry, registry.make(ALGORITHMS, job.algorithm, params), job, services)
            parent = services.blobs.put_checkpoint(done.checkpoint)
            found.append(np.array(services.exact().plan(0, services.blobs.put_snapshot(done.snapshot))[1:]))
    return found


def main() -> None:
    given = arguments(__doc__, ("explore", "held", "judge"), seeds=5, env_steps=150_000)
    one_torch_thread()
    if "explore" in given.parts:
        explore(given.numbers, given.env_steps, given.size)
    if "held" in given.parts:
        held(given.numbers, given.env_steps)
    if "judge" in given.parts:
        curves = judge(given.numbers, given.env_steps, given.picture)
        ours, model = (statistics.fmean(one for run in runs for one in run[LOOKS // 2 :]) for runs in curves.values())
        report("rewards", ours, model, model / max(ours, 1e-9), "distance from the minimax winner", curves=curves)


if __name__ == "__main__":
    main()
