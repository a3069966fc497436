"""Does a set of policies play a game at numbers of agents that it has not met, better than a single policy does?

`multitask/resources` is learned at some sizes by MRA and by PPO with a single policy, shared by all sizes; then both
play at these sizes and at others. What is counted is the exact Nash gap (`marl_multitask/nash_gap.py`): how much an
agent could gain, on average, by the best other choice, while all others stay as they are. Then both go on at each size
that they have not met, for `--adapt` env steps, and are measured there again. The ratio is that of the mean gaps at
sizes that were not met, before that: of the single policy over MRA's.

    python benchmarks/mra.py --seeds 31 32 33
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from _common import one_torch_thread, report

SIZES, UNSEEN, MOST = (2, 3, 5), (4, 6, 8), 8
RELATIONS = "multitask/relations"
SHARED = {"lanes": 512, "rows": 4096, "minibatch": 1024, "lr": 0.004, "entropy": 0.001, "discount": 1.0}
METHODS: dict[str, tuple[str, dict[str, Any]]] = {  # the algorithm, and the parameters of its networks
    "mra": ("multitask/mra", {"modes": 4}),
    "single": ("rllib/ppo", {"modes": 1}),
    "untold": ("rllib/ppo", {"modes": 1, "told": False}),  # a single policy that does not know the number of agents
}
MATCHES, FIRST = 1000, 1 << 40  # what a gap is measured by: matches that nobody has learned from, from this seed on


class Services:
    """What an algorithm asks for: an environment, checkpoints, and somebody who listens."""

    def __init__(self, sizes: Sequence[int]) -> None:
        from marl.registry import ENVIRONMENTS, load_registry

        params = {"sizes": list(sizes), "most": MOST}
        self.make = lambda lanes: load_registry().make(ENVIRONMENTS, "multitask/resources", params, lanes=lanes)
        self.spec = self.make(1).spec
        self.parent: Any = None

    def environment(self, lanes: int) -> Any:
        return self.make(lanes)

    def checkpoint(self, id: str) -> Any:
        return self.parent

    def log(self, step: int, **values: float) -> None:
        pass


def trained(method: str, sizes: Sequence[int], seed: int, env_steps: int, start: Any = None, **more: Any) -> Any:
    """Train at these sizes, from a seed or from a snapshot; the snapshot."""
    from marl.job import SELF, Job
    from marl.registry import ALGORITHMS, load_registry

    services = Services(sizes)
    name, model = METHODS[method]
    params = {**SHARED, "model": {"kind": RELATIONS, "params": model}, **more}
    algorithm: Any = load_registry().make(ALGORITHMS, name, params)
    sides = ((),) + (((SELF, 1.0),),) * (MOST - 1)
    job = Job(name, 0, sides, seed, budget={"env_steps": env_steps}, parent=start and "start")
    if start is not None:
        services.parent = algorithm.start(start, job, services)
    return algorithm.train(job, services).snapshot


def measured(snapshot: Any, size: int) -> tuple[float, float]:
    """The Nash gap and what an agent earns, means over agents and matches of this size. None plays: a random policy."""
    from marl.policies.random import Random
    from marl.registry import load_registry
    from marl.services import restore
    from marl_multitask.nash_gap import nash_gap

    game = Services([size]).make(MATCHES)
    policy: Any = Random(game.spec) if snapshot is None else restore(load_registry(), game.spec, snapshot)
    return nash_gap(policy, game, FIRST)


def row(found: Mapping[int, tuple[float, float]]) -> str:
    """Gaps, and what is earned, by size."""
    return "; ".join(f"{size}: {gap:.3f} ({earned:.3f})" for size, (gap, earned) in found.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, few steps")
    parser.add_argument("--seeds", type=int, nargs="+", default=[31, 32, 33])
    parser.add_argument("--env-steps", type=int, default=20_000, help="matches at the sizes that are met")
    parser.add_argument("--adapt", type=int, default=2_000, help="matches at each other size, afterwards")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.env_steps, options.adapt = [1], 3_000, 2_000
    one_torch_thread()
    print("random:", row({size: measured(None, size) for size in sorted({*SIZES, *UNSEEN})}), flush=True)
    gaps: dict[str, list[dict[int, float]]] = {method: [] for method in options.methods}
    for seed in options.seeds:
        for method in options.methods:
            learned = trained(method, SIZES, seed, options.env_steps)
            found = {size: measured(learned, size) for size in sorted({*SIZES, *UNSEEN})}
            print(f"seed {seed}, {method}: {row(found)}", flush=True)
            adapted = {size: trained(method, [size], seed, options.adapt, learned) for size in UNSEEN}
            after = {size: measured(snapshot, size) for size, snapshot in adapted.items()}
            print(f"seed {seed}, {method}, after {options.adapt:,} matches: {row(after)}", flush=True)
            gaps[method].append({size: gap for size, (gap, _) in found.items()})
    means = {method: statistics.fmean(one[size] for one in found for size in UNSEEN) for method, found in gaps.items()}
    print(json.dumps({method: round(mean, 4) for method, mean in means.items()}))
    ours, peer = means.get("mra", 0.0), means.get("single", 0.0)
    report("mra", ours, peer, peer / max(ours, 1e-9), "Nash gap at sizes that were not met", seeds=options.seeds)


if __name__ == "__main__":
    main()
