"""PSRO with exact best responses on Leduc, to NashConv 0.5: ours, with its ledger, against OpenSpiel's psro_v2.

    pip install -e ".[bench]"
    python benchmarks/psro_vs_openspiel.py [--quick]

OpenSpiel is driven as its own example does (BR oracle, Nash meta-strategies), and only its training counts: the time it
takes to evaluate NashConv is left out. Ours is everything that `marl run` does after start-up: exact payoffs, Nash,
NashConv, blobs, ledger, metrics. Ours is repeated while OpenSpiel works, so that both see the same moments of the
machine. `--quick` stops both at NashConv 2.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import _common as bench

from league.ledger import Ledger
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.scenario import load_scenario


def ours(target: float) -> tuple[float, int]:
    """Seconds and iterations until NashConv is below the target."""
    registry = load_registry()
    config = load_scenario("leduc_psro", [f"stop.nash_conv={target}"], registry).config
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory)
        start = time.perf_counter()
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        manager = build(config, registry, ledger, Blobs(out / "blobs"), metrics)
        iterations = sum(1 for _ in manager.run())
        seconds = time.perf_counter() - start
        metrics.close()
        ledger.close()
    return seconds, iterations


def openspiel() -> Iterator[tuple[float, float]]:
    """Training seconds so far and NashConv, after each iteration of psro_v2."""
    warnings.filterwarnings("ignore")
    import numpy as np
    import pyspiel
    from open_spiel.python import policy, rl_environment
    from open_spiel.python.algorithms import exploitability, policy_aggregator
    from open_spiel.python.algorithms.psro_v2 import best_response_oracle, psro_v2

    np.random.seed(1)
    env = rl_environment.Environment(pyspiel.load_game_as_turn_based("leduc_poker", {"players": 2}))
    start = time.perf_counter()
    uniform = policy.TabularPolicy(env.game)
    oracle = best_response_oracle.BestResponseOracle(game=env.game, policy=uniform)
    solver = psro_v2.PSROSolver(
        env.game,
        oracle,
        initial_policies=[uniform.__copy__() for _ in range(2)],
        training_strategy_selector="probabilistic",
        rectifier="",
        sims_per_entry=1000,
        number_policies_selected=1,
        meta_strategy_method="nash",
        prd_iterations=50_000,
        prd_gamma=1e-10,
        sample_from_marginals=True,
        symmetric_game=False,
    )
    spent = time.perf_counter() - start
    while True:
        start = time.perf_counter()
        solver.iteration()
        spent += time.perf_counter() - start
        aggregator = policy_aggregator.PolicyAggregator(env.game)
        mixture = aggregator.aggregate(range(2), solver.get_policies(), solver.get_meta_strategies())
        yield spent, exploitability.nash_conv(env.game, mixture)


def main() -> None:
    quick = bench.arguments(__doc__).quick
    target = 2.0 if quick else 0.5
    ours(target)  # imports and caches
    runs, due = [ours(target)], 10.0
    for theirs, nash_conv in openspiel():
        if theirs >= due:
            runs.append(ours(target))
            due += 10.0
            print(f"OpenSpiel {theirs:6.1f} s  NashConv {nash_conv:.3f}   ours {runs[-1][0]:.2f} s", flush=True)
        if nash_conv < target:
            break
    runs.append(ours(target))
    seconds = statistics.median(run[0] for run in runs)
    detail = {"target": target, "our_iterations": runs[0][1], "our_runs": [run[0] for run in runs]}
    bench.report("psro_vs_openspiel", seconds, theirs, theirs / seconds, "seconds to NashConv", **detail)


if __name__ == "__main__":
    main()
