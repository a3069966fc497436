"""Does a team learn a new task in fewer env steps with decision layers that were learned on other tasks?

Two tasks of `coop/stages` are learned at once (`multitask/several`), with a front for each and a shared back
(`multitask/shared`). Then a third task, which none of them is (more agents than in either), is learned twice from the
same seed: with the back of that network and everything else new, and with everything new. What is counted are env steps
until the return of ten updates in a row is `--goal` on average. The ratio is that of their medians over seeds: from
scratch over with the back.

    python benchmarks/multitask.py --seeds 1 2 3 4 5
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping
from typing import Any

from _common import one_torch_thread, report

STAGES = {"name": "coop/stages", "bait": 0.0}
TASKS = {
    "duo": {**STAGES, "rooms": 1, "size": 3, "agents": 2, "steps": 30},
    "wide": {**STAGES, "rooms": 1, "size": 4, "agents": 2, "steps": 40},
}
NEW = {"bait": 0.0, "rooms": 1, "size": 3, "agents": 3, "steps": 30}
MODEL = {"kind": "multitask/shared", "identity": True}
PARAMS = {"lanes": 64, "rows": 4096, "minibatch": 16, "lr": 0.001, "entropy": 0.01, "model": MODEL}
PARTS = ("encoder.back",)
UPDATES = 10  # that a return is the mean of


class Services:
    """What an algorithm asks for: an environment, checkpoints, and somebody who listens."""

    def __init__(self, name: str, params: Mapping[str, Any]) -> None:
        from marl.registry import ENVIRONMENTS, load_registry

        self.make = lambda lanes: load_registry().make(ENVIRONMENTS, name, params, lanes=lanes)
        self.spec = self.make(1).spec
        self.parent: Any = None
        self.curve: list[tuple[int, float]] = []

    def environment(self, lanes: int) -> Any:
        return self.make(lanes)

    def checkpoint(self, id: str) -> Any:
        return self.parent

    def log(self, step: int, **values: float) -> None:
        self.curve.append((step, values.get("return", 0.0)))  # where no match ended, none was won


def trained(services: Any, seed: int, env_steps: int, back: Any = None) -> Any:
    """Train from a seed, with a snapshot's back where one is given; the snapshot."""
    from marl.job import Job
    from marl.registry import ALGORITHMS, load_registry

    algorithm: Any = load_registry().make(ALGORITHMS, "ctde/mappo", {**PARAMS, "horizon": env_steps})
    job = Job("ctde/mappo", 0, ((),), seed, budget={"env_steps": env_steps}, parent=back and "back")
    if back is not None:
        services.parent = algorithm.start(back, job, services, PARTS)
    return algorithm.train(job, services).snapshot


def reached(curve: list[tuple[int, float]], goal: float) -> int | None:
    """The env steps after which the mean return of the last updates was at least `goal`; None where it never was."""
    for end in range(UPDATES, len(curve) + 1):
        if statistics.fmean(value for _, value in curve[end - UPDATES : end]) >= goal:
            return curve[end - 1][0]
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, few steps, an easy goal")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--before", type=int, default=160_000, help="env steps on the two tasks together")
    parser.add_argument("--env-steps", type=int, default=200_000, help="env steps on the new task, at most")
    parser.add_argument("--goal", type=float, default=0.8)
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.before, options.env_steps, options.goal = [1], 6_000, 12_000, 0.0
    one_torch_thread()
    found: dict[str, list[int]] = {"back": [], "scratch": []}
    for seed in options.seeds:
        before = Services("multitask/several", {"tasks": TASKS})
        back = trained(before, 1000 + seed, options.before)
        for name, start in (("back", back), ("scratch", None)):
            services = Services("coop/stages", NEW)
            trained(services, seed, options.env_steps, start)
            found[name].append(reached(services.curve, options.goal) or options.env_steps)
        told = {name: steps[-1] for name, steps in found.items()}
        print(
            f"seed {seed}: return on the two tasks {before.curve[-1][1]:.2f}; env steps to {options.goal}: {told}",
            flush=True,
        )
    ours, peer = statistics.median(found["back"]), statistics.median(found["scratch"])
    report("multitask", ours, peer, peer / ours, "env steps", **found)


if __name__ == "__main__":
    main()
