"""Whose last policy converges, with networks: NashConv of the newest policy of self-play, by env steps, over seeds.

The methods of marl-nash beside MMD and plain PPO, with the same network, matches and env steps on each game; what holds
each of them is as it does well on Kuhn poker, by a few trials on other seeds. NashConv is exact. `--only a,b` measures
these methods alone; `--game` one game alone.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _common as bench

from marl.blobs import Blobs
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Component, load_registry
from marl.services import RunServices, train

BIASED = {"payoffs": [[0, -2, 1], [2, 0, -1], [-1, 1, 0]]}
GAMES: dict[str, tuple[Component, int]] = {  # and the env steps of each of the looks
    "biased RPS": (Component("classic/matrix", BIASED), 25_000),
    "Kuhn": (Component("classic/kuhn_poker", {}), 50_000),
    "Leduc": (Component("classic/leduc_poker", {}), 100_000),
}
SHARED = {"lanes": 256, "rows": 1024, "minibatch": 1024, "lr": 0.003}
METHODS: dict[str, dict[str, Any]] = {
    "rllib/ppo": {"trace": 1.0, "discount": 1.0, "entropy": 0.01},
    "rllib/mmd": {"trace": 1.0, "alpha": 0.05, "eta": 0.05},
    "nash/rnad": {},
    "nash/nash_pg": {},
    "nash/rebel": {},
    "nash/dno": {},
}
LOOKS = 4


def curve(method: str, params: Mapping[str, Any], env: Component, steps: int, seed: int) -> list[float]:
    """NashConv of the newest policy after each of the looks."""
    registry, found = load_registry(), []
    given = {**SHARED, **params, "horizon": LOOKS * steps}
    algorithm, parent = registry.make(ALGORITHMS, method, given), None
    with TemporaryDirectory() as folder:
        services = RunServices(registry, env, Blobs(Path(folder)), lambda step, values: None)
        opponents = ((), ((SELF, 1.0),))
        for _ in range(LOOKS):
            job = Job(method, 0, opponents, seed, parent, budget={"env_steps": steps}, params=given)
            done = train(registry, algorithm, job, services)
            assert done.checkpoint is not None
            parent, id = services.blobs.put_checkpoint(done.checkpoint), services.blobs.put_snapshot(done.snapshot)
            exact = services.exact()
            found.append(exact.form.nash_conv([exact.plan(side, id) for side in range(exact.sides)]))
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed of Kuhn, a tenth of the steps")
    parser.add_argument("--only", default=",".join(METHODS), help="methods, by name, with commas between them")
    parser.add_argument("--game", default="", help="this game alone")
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103])
    return parser.parse_args()


def main() -> None:
    given = arguments()
    bench.one_torch_thread()
    games = {given.game: GAMES[given.game]} if given.game else {"Kuhn": GAMES["Kuhn"]} if given.quick else GAMES
    last: dict[str, dict[str, float]] = {}
    for name, (env, steps) in games.items():
        steps, seeds = (steps // 10, given.seeds[:1]) if given.quick else (steps, given.seeds)
        print(f"{name}: NashConv at every {steps:,} env steps; seeds {seeds}", flush=True)
        for method in given.only.split(","):
            curves = [curve(method, METHODS[method], env, steps, seed) for seed in seeds]
            ends = [one[-1] for one in curves]
            shown = " ".join(f"{statistics.mean(column):.3f}" for column in zip(*curves, strict=True))
            print(f"  {method:14} {shown}   last: " + " ".join(f"{end:.3f}" for end in ends), flush=True)
            last.setdefault(name, {})[method] = statistics.mean(ends)
    first = next(iter(last))
    ours = min((value, method) for method, value in last[first].items())
    plain = last[first].get("rllib/ppo", float("nan"))
    bench.report("last_iterate_networks", ours[0], plain, plain / ours[0], "NashConv", best=ours[1], last=last)


if __name__ == "__main__":
    main()
