"""Projected replicator dynamics over 500 units of time: ours, Euler's steps of 0.05 (ours of before) and OpenSpiel's.

Each solves the same random zero-sum tables, interleaved; times are CPU time. How far the answers are from that of ours
in steps of 0.005 says who follows the dynamics best: an answer is worth no more than that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import _common as bench
import numpy as np

from league.metasolvers.prd import ProjectedReplicator
from league.metasolvers.replicator import averaged, earnings
from league.payoffs import Payoffs
from marl.types import Floats

TIME, GAMMA = 500.0, 1e-6


def euler(tables: Floats, dt: float) -> list[Floats]:
    """Euler's steps, each moved to the nearest distributions above the floor, all in place: what ours was before.

    The projection is Michelot's, "A finite algorithm for finding the projection of a point onto the canonical simplex".
    """
    sizes = tables.shape[1:]
    starts, owner = np.cumsum((0, *sizes[:-1])), np.repeat(np.arange(len(sizes)), sizes)
    mixtures = (1.0 / np.array(sizes))[owner]
    floor = GAMMA * mixtures
    growth, total, fitness = np.zeros(len(owner)), np.zeros(len(owner)), earnings(tables)

    def sums(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, starts)[owner])

    def project(points: Floats) -> None:
        above = points >= floor
        kept = np.count_nonzero(above)
        if kept == len(points):
            return
        points -= floor
        while True:
            threshold = (sums(points * above) - (1.0 - GAMMA)) / sums(above.astype(np.float64))
            np.greater(points, threshold, out=above)
            before, kept = kept, np.count_nonzero(above)
            if kept == before:
                points -= threshold
                np.maximum(points, 0.0, out=points)
                points += floor
                return

    for _ in range(round(TIME / dt)):
        fitness(mixtures, growth)
        growth -= sums(mixtures * growth)
        growth *= dt
        growth += 1.0
        mixtures *= growth
        mixtures /= sums(mixtures)
        project(mixtures)
        total += mixtures
    return [side / side.sum() for side in np.split(total, starts[1:])]


def main() -> None:
    quick = bench.arguments(__doc__).quick
    size, rounds = (10, 3) if quick else (20, 9)
    rng = np.random.default_rng(0)
    games = [rng.uniform(-1, 1, size=(size, size)) for _ in range(rounds + 1)]
    games = [table / np.abs(table).max() for table in games]
    answers: dict[str, list[Sequence[Floats]]] = {}

    def task(name: str, solve: Callable[[Floats], Sequence[Floats]]) -> Callable[[], float]:
        answers[name] = []

        def run() -> float:
            table = games[len(answers[name])]
            began = time.process_time()
            answers[name].append(solve(np.stack([table, -table])))
            return 1000 * (time.process_time() - began)

        return run

    solver = ProjectedReplicator()
    tasks = {
        "marl": task("marl", lambda tables: solver(Payoffs.of(tables))),
        "Euler": task("Euler", lambda tables: euler(tables, 0.05)),
    }
    try:
        from open_spiel.python.algorithms import projected_replicator_dynamics as openspiel

        peer = openspiel.projected_replicator_dynamics
        tasks["OpenSpiel"] = task("OpenSpiel", lambda tables: peer(list(tables), prd_iterations=10_000, prd_dt=0.05))
    except ImportError:
        print("OpenSpiel is not installed: it is left out")
    results = bench.interleaved(tasks, rounds)
    bench.table(results, "ms")
    off = {}
    exact = [averaged(earnings(np.stack([table, -table])), (size, size), 100_000, 0.005, GAMMA) for table in games]
    for name, given in answers.items():
        pairs = zip(given, exact, strict=True)
        off[name] = max(float(np.abs(np.concatenate(one) - np.concatenate(two)).max()) for one, two in pairs)
        print(f"{name}: a weight is off by {off[name]:.1e} at most")
    middle, better = bench.medians(results), bench.ratio(results, "Euler", "marl")
    bench.report("replicator", middle["marl"], middle["Euler"], better, "ms", players=size, off=off, medians=middle)


if __name__ == "__main__":
    main()
