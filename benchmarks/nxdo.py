"""Double oracle with networks on Kuhn poker: NashConv by the number of best responses that each side has.

NXDO (`nash/nxdo`, restricted games solved by Deep CFR) and PSRO (Nash mixtures, exact payoffs), with the same best
responses: exact ones, or such as a deep Q-network learned (`--learned`). NashConv is exact; that of NXDO is of the
policy that the last restricted game was solved to. Exact PSRO has no chance in it, and so one row.
"""

from __future__ import annotations

import argparse
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from league.ledger import Ledger
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.scenario import load_scenario

EXACT = "league/best_response"
LEARNED = "{name: rllib/dqn, env_steps: 20000, lanes: 64, rows: 256, lr: 0.002, model: {activation: relu}}"
SOLVER = (
    "{name: nash/deep_cfr, model: {hidden: [32, 32], activation: relu}, iterations: 20, traversals: 500, "
    "capacity: 100000, steps: 100, play_steps: 1000}"
)


def ran(strategy: str, seed: int, iterations: int) -> list[float]:
    """NashConv at the end of each iteration of a league."""
    registry = load_registry()
    text = f"kind: league\nenv: classic/kuhn_poker\nseed: {seed}\nstrategy: {strategy}\n"
    text += f"stop: {{iterations: {iterations}}}\n"
    with TemporaryDirectory() as folder:
        scenario = Path(folder) / "scenario.yaml"
        scenario.write_text(text)
        config = load_scenario(str(scenario), [], registry).config
        with closing(Ledger.at(Path(folder))) as ledger, closing(Metrics(Path(folder) / "metrics.jsonl")) as metrics:
            manager = build(config, registry, ledger, Blobs(Path(folder) / "blobs"), metrics)
            return [one.measures["nash_conv"].value for one in manager.run()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learned", action="store_true", help="best responses of deep Q-networks, for both")
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103])
    parser.add_argument("--policies", type=int, default=5, help="best responses of each side at most")
    options = parser.parse_args()
    oracle = LEARNED if options.learned else EXACT
    psro = f"{{name: psro, oracle: {oracle}}}"
    nxdo = f"{{name: nash/nxdo, oracle: {oracle}, solver: {SOLVER}}}"
    for name, strategy, rounds in (("PSRO", psro, 1), ("NXDO", nxdo, 2)):
        for seed in options.seeds if options.learned or rounds == 2 else options.seeds[:1]:
            began = time.process_time()
            found = ran(strategy, seed, rounds * options.policies)[::rounds]
            shown = "".join(f"{gap:9.3f}" for gap in found)
            print(f"{name} {seed}{shown}   {time.process_time() - began:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
