"""Auxiliary tasks on a tech tree: which achievements of `classic/tech_tree` PPO reaches, alone and with each of them
(`matched`: achievements with the term that matches them with those of other matches, too).

Every variant is PPO from each seed, with the same settings. `mean` is the mean number of achievements of a match in the
last tenth of the updates, `all along` over the whole run; then the share of matches of what was trained that reach each
achievement. Intervals are 95 % ones over seeds (Student's t). The ratio is that of `achievements` to PPO.
"""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
from _common import one_torch_thread, report
from _rewards import Services, arguments, head, interval, late, row, trained

from marl.registry import ENVIRONMENTS, load_registry

PPO = {"lanes": 64, "rows": 2048, "minibatch": 512, "epochs": 4, "lr": 5e-4, "entropy": 0.01, "discount": 0.95}
PPO |= {"trace": 0.8, "model": {"hidden": [128]}}
VARIANTS: dict[str, list[Any]] = {
    "PPO": [],
    "achievements": ["rewards/achievements"],
    "matched": [{"name": "rewards/achievements", "match": 1.0}],
    "spr": ["rewards/spr"],
    "reward_prediction": ["rewards/reward_prediction"],
}


def reached(services: Services, snapshot: Any, seed: int) -> dict[str, float]:
    """The share of matches of what was trained that reach each achievement."""
    from marl.arena import Mixtures, Sampler
    from marl.services import restore

    game = load_registry().make(ENVIRONMENTS, services.name, services.params, lanes=128)
    player = restore(load_registry(), game.spec, snapshot)
    (rows,) = Sampler(game, [player], Mixtures(np.ones((1, 1)), seed), learners=[0]).collect(128 * 125)
    over = rows.terminated | rows.truncated
    return {name: float(rows.info[name][over].mean()) for name in game.spec.info}


def main() -> None:
    given = arguments(__doc__, VARIANTS, seeds=5, env_steps=200_000)
    one_torch_thread()
    found: dict[str, list[float]] = {}
    names = list(Services("classic/tech_tree").spec.info)
    head("", "mean", "all along", *(name.replace("_", " ") for name in names))
    for variant in given.parts:
        along, shares = [], []
        for seed in given.numbers:
            services = Services("classic/tech_tree")
            done = trained(services, {**PPO, "auxiliary": VARIANTS[variant]}, seed, given.env_steps)
            found.setdefault(variant, []).append(late(services.logged, "return"))
            along.append(late(services.logged, "return", 1))
            shares.append(reached(services, done.snapshot, seed))
        each = (f"{statistics.fmean(share[name] for share in shares):.2f}" for name in names)
        row(variant, interval(found[variant]), interval(along), *each)
        print("by seed:", " ".join(f"{one:.2f}" for one in found[variant]), flush=True)
    means = {variant: statistics.fmean(values) for variant, values in found.items()}
    ours, peer = means.get("achievements", means[given.parts[0]]), means[given.parts[0]]
    report("tech_tree", ours, peer, ours / max(peer, 1e-9), "achievements a match", seeds=given.numbers, means=means)


if __name__ == "__main__":
    main()
