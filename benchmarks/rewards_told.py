"""Rewards that somebody tells: `debate` (what evidence is worth, and what lambda trades), `oni` (an annotator's hints)
and `wait` (does a slow annotator hold anything up?).

`debate`: PPO on CartPole, where an expert prefers the push towards the middle, which is not how a pole is balanced. By
lambda, the weights being `1 - lambda` of the game and `lambda` of what could be justified: the return and how well
actions are justified over the last tenth of the updates, how often what was trained does as the expert would; and how
often the judge is right after a debate, and after as much evidence that was drawn. `oni`: PPO on `classic/deep_sea`,
whose treasure chance does not find, alone and with a scripted annotator who holds it to be of interest to have gone
right so far, in the three kinds of model. `wait`: env steps a second with an annotator, a program, that answers at once
and with one that takes half a second for every answer.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from _common import interleaved, medians, one_torch_thread, report, table
from _rewards import Services, arguments, head, interval, late, row, trained

from marl.registry import ENVIRONMENTS, load_registry

LAMBDAS = (0.0, 0.25, 0.5, 0.75, 1.0)
MIDDLE = ["observation[0] + 0.5 * observation[1]", "-observation[0] - 0.5 * observation[1]"]  # of left, and of right
POLE = {"lanes": 16, "rows": 2048, "minibatch": 256, "epochs": 8, "lr": 1e-3, "lr_end": 0.0, "entropy": 0.0}
POLE |= {"model": {"separate_value": True}}
SEA = {"lanes": 64, "rows": 2048, "minibatch": 256, "epochs": 3, "lr": 5e-4, "entropy": 0.05, "model": {"hidden": [64]}}
SIZE = 14
RIGHT = " + ".join(f"observation[{at * (SIZE + 1)}]" for at in range(1, SIZE))  # has gone right so far
PROGRAM = f"""
import json, sys, time
for line in sys.stdin:
    time.sleep(float(sys.argv[1]))
    print(sum(json.loads(line)["observation"][:: {SIZE + 1}]), flush=True)
"""


def debate(seeds: list[int], env_steps: int) -> None:
    """A row for each lambda: means over seeds, with intervals."""
    head("lambda", "return", "justified", "the expert's action", "judge right: debate", "drawn evidence")
    for share in LAMBDAS:
        columns: dict[str, list[float]] = {key: [] for key in ("return", "justified", "agrees", "right", "by_chance")}
        for seed in seeds:
            services = Services("gymnasium/cartpole")
            channels = {"justified": {"name": "rewards/debate", "worth": MIDDLE}}
            reward = {"channels": channels, "weights": {"game": 1 - share, "justified": share}}
            done = trained(services, {**POLE, "reward": reward}, seed, env_steps)
            columns["return"].append(late(services.logged, "return"))
            columns["justified"].append(late(services.logged, "reward.justified"))
            columns["right"].append(late(services.logged, "reward.justified.right"))
            columns["by_chance"].append(late(services.logged, "reward.justified.right_by_chance"))
            columns["agrees"].append(agreement(services, done.snapshot, seed))
        digits = {"return": 0}
        row(share, *(interval(values, digits.get(key, 2)) for key, values in columns.items()))


def agreement(services: Services, snapshot: Any, seed: int) -> float:
    """How often what was trained does what the expert prefers."""
    from marl.arena import Mixtures, Sampler
    from marl.services import restore

    game = load_registry().make(ENVIRONMENTS, services.name, services.params, lanes=32)
    player = restore(load_registry(), game.spec, snapshot)
    (rows,) = Sampler(game, [player], Mixtures(np.ones((1, 1)), seed), learners=[0]).collect(8192)
    right = rows.observation[:, 0] + 0.5 * rows.observation[:, 1] < 0  # from the left, to the middle
    return float((rows.action == right).mean())


def oni(seeds: list[int], env_steps: int) -> None:
    """A row for each way to learn: the mean return of the last tenth of the updates, by seed; 0.99 is the most."""
    head("", *(f"seed {seed}" for seed in seeds))
    for kind in ("the game alone", "hash", "classifier", "ranking"):
        found = []
        for seed in seeds:
            services, params = Services("classic/deep_sea", size=SIZE), dict(SEA)
            if kind != "the game alone":
                interest = {"name": "rewards/oni", "kind": kind, "of": RIGHT, "each": 32}
                params["reward"] = hinted(interest)
            trained(services, params, seed, env_steps)
            found.append(late(services.logged, "return"))
        row(kind, *(f"{one:.3f}" for one in found))


def hinted(interest: dict[str, Any]) -> dict[str, Any]:
    """What is of interest pays the first time in a match."""
    combine = {"hint": {"by": "product", "of": ["interest", "new"]}}
    channels = {"interest": interest, "new": {"name": "rewards/episodic"}}
    return {"channels": channels, "combine": combine, "weights": {"hint": 0.05}}


def wait(env_steps: int, rounds: int) -> dict[str, list[float]]:
    """Env steps a second with a fast and a slow annotator, interleaved."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "annotate.py"
        program.write_text(PROGRAM)

        def rate(pause: str) -> float:
            services = Services("classic/deep_sea", size=SIZE)
            interest = {"name": "rewards/oni", "command": [sys.executable, str(program), pause]}
            began = time.perf_counter()
            trained(services, {**SEA, "reward": hinted(interest)}, 1, env_steps)
            told[pause].append(services.logged[-1]["reward.interest.annotated"])
            return env_steps / (time.perf_counter() - began)

        told: dict[str, list[float]] = {"0": [], "0.5": []}
        found = interleaved({"at once": lambda: rate("0"), "half a second": lambda: rate("0.5")}, rounds)
    table(found, "env steps a second")
    print("annotated at the end:", {pause: statistics.median(count) for pause, count in told.items()})
    return found


def main() -> None:
    given = arguments(__doc__, ("debate", "oni", "wait"), seeds=3, env_steps=60_000)
    one_torch_thread()
    if "debate" in given.parts:
        debate(given.numbers, given.env_steps)
    if "oni" in given.parts:
        oni(given.numbers, given.env_steps)
    if "wait" in given.parts:
        found = wait(given.env_steps // 4, 1 if given.quick else 3)
        rates = medians(found)
        slow, fast = rates["half a second"], rates["at once"]
        report("rewards_told", slow, fast, slow / fast, "env steps a second")


if __name__ == "__main__":
    main()
