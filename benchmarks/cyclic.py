"""The cyclic game of nine strategies, of which each beats four others: meta-solvers with twenty best responses each.

As in psrolab's comparison (aerodyneai/psro-in-practice, chapter 12): exploitability (NashConv / 2) of the meta-strategy
after 20 iterations; uniform play is the equilibrium. Best responses are exact; with `--learned STEPS` also by PPO, for
so many matches each, as its are (60,000). Their numbers, learned, of 20 x 60,000, are printed beside ours.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import _common as bench
import numpy as np

from league.ledger import Ledger
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.scenario import load_scenario

ITERATIONS = 20
AHEAD = (np.arange(9)[:, None] - np.arange(9)[None, :]) % 9
GAME = np.where(AHEAD == 0, 0.0, np.where(AHEAD <= 4, 1.0, -1.0))
EXACT = {"oracle": "league/best_response", "founder": "marl/first"}
WAYS = {
    "Nash": ({"name": "psro", "metasolver": "league/nash"}, 0.0123),
    "max-entropy Nash": ({"name": "psro", "metasolver": "league/max_entropy_nash"}, None),
    "regret matching": ({"name": "psro", "metasolver": "league/regret_matching"}, 0.0142),
    "replicator (PRD)": ({"name": "psro", "metasolver": "league/prd"}, None),
    "alpha-rank": ({"name": "psro", "metasolver": "league/alpharank"}, 0.0906),
    "uniform": ({"name": "psro", "metasolver": "league/uniform"}, 0.312),
    "naive self-play": ({"name": "historical", "delta": 1, "warm": False}, 0.9998),
}  # and psrolab's


def exploited(strategy: dict[str, object], seed: int) -> float:
    """Exploitability of the last meta-strategy."""
    with TemporaryDirectory() as folder:
        scenario, out = Path(folder, "scenario.yaml"), Path(folder, "run")
        env = {"name": "classic/matrix", "payoffs": GAME.tolist()}
        whole = {"kind": "league", "env": env, "strategy": strategy, "stop": {"iterations": ITERATIONS}, "seed": seed}
        scenario.write_text(json.dumps(whole))
        out.mkdir()
        registry = load_registry()
        config = load_scenario(str(scenario), [], registry).config
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        *_, last = build(config, registry, ledger, Blobs(out / "blobs"), metrics).run()
        ledger.close()
        metrics.close()
    return last.measures["nash_conv"].value / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two of the meta-solvers")
    parser.add_argument("--learned", type=int, metavar="STEPS", help="PPO's matches for a best response")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of PPO")
    asked = parser.parse_args()
    found = {}
    for name, (strategy, theirs) in list(WAYS.items())[:: 4 if asked.quick else 1]:
        found[name] = exploited(strategy | EXACT, 0)
        print(f"{name:18} {found[name]:.4f}, psrolab's learned {theirs or '-'}", flush=True)
    learned: dict[str, list[float]] = {}
    if asked.learned:
        oracle = {"name": "rllib/ppo", "env_steps": asked.learned}
        for name in ("Nash", "alpha-rank"):
            strategy = WAYS[name][0] | {"oracle": oracle}
            learned[name] = [exploited(strategy, seed) for seed in asked.seeds]
            print(f"{name:18} by PPO: {', '.join(f'{one:.4f}' for one in learned[name])}", flush=True)
    bench.report(
        "cyclic", found["Nash"], 0.0123, 0.0123 / max(found["Nash"], 1e-6), "exploitability", **found, **learned
    )


if __name__ == "__main__":
    main()
