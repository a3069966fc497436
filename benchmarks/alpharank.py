"""Alpha-rank of two sides with 40 strategies each: ours and OpenSpiel's, interleaved, on the same random games.

Zero-sum games with normal payoffs: the chain wanders through hundreds of profiles, which is the hard case. OpenSpiel's
answer is compared with ours; it gives none where two classes of profiles are almost closed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import _common as bench
import numpy as np
from open_spiel.python.egt import alpharank

from league.ratings.evolution import profile_masses

ALPHA, POPULATION = 100.0, 50


def seconds(solve: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = solve()
    return time.perf_counter() - began, answer


def main() -> None:
    quick = bench.arguments(__doc__).quick
    strategies, rounds = (20, 3) if quick else (40, 7)
    rng = np.random.default_rng(0)
    games = [rng.normal(size=(strategies, strategies)) for _ in range(rounds + 1)]
    answers: dict[str, list[Any]] = {"marl": [], "OpenSpiel": []}

    def ours() -> float:
        table = games[len(answers["marl"])]
        passed, masses = seconds(lambda: profile_masses([table, -table], ALPHA, POPULATION))
        answers["marl"].append(masses.ravel())
        return 1000 * passed

    def peer() -> float:
        table = games[len(answers["OpenSpiel"])]
        with np.errstate(over="ignore"):
            passed, found = seconds(lambda: alpharank.compute([table, -table], m=POPULATION, alpha=ALPHA))
        answers["OpenSpiel"].append(found[2])
        return 1000 * passed

    results = bench.interleaved({"marl": ours, "OpenSpiel": peer}, rounds)
    bench.table(results, "ms")
    pairs = zip(answers["marl"], answers["OpenSpiel"], strict=True)
    difference = max(float(np.abs(one - two).max()) for one, two in pairs)
    print(f"largest difference of a profile's mass: {difference:.1e}")
    middle = bench.medians(results)
    better = bench.ratio(results, "OpenSpiel", "marl")
    bench.report(
        "alpharank", middle["marl"], middle["OpenSpiel"], better, "ms", strategies=strategies, difference=difference
    )


if __name__ == "__main__":
    main()
