"""QMIX with recurrent agents, and VDN and QMIX without a replay (PQN), on simple_spread by JaxMARL's protocol.

A million env steps on one core. JaxMARL's matches have 26 ticks, and what it reports is the sum over the three agents,
which is what a side earns here. The networks are as wide as there (64, a GRU of 64; 64 and 64 with layer norm). Greedy
play over 512 matches. A measurement that is in the file is not repeated:

    python benchmarks/jaxmarl_spread.py                # what is missing of seeds 30 to 32, and the table
    python benchmarks/jaxmarl_spread.py --print
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _common import one_torch_thread, report
from teams_table import Task, measure

CELLS = Path(__file__).parents[1] / "docs" / "results" / "jaxmarl_spread.jsonl"
GAME = Task("coop/spread", 1_000_000, {"steps": 26})
# JaxMARL's steps/s after compiling, and its return; it has no QMIX without a replay, so that stands beside its QMIX
PEER = {"QMIX": (9_600, -49.4), "PQN-QMIX": (9_600, -49.4), "PQN-VDN": (4_650, -44.2)}
RECURRENT = {"kind": "gru", "memory": 64, "hidden": [64], "activation": "relu", "identity": True}
FRESH: dict[str, Any] = {
    "lanes": 128,
    "rows": 9984,
    "minibatch": 8,
    "epochs": 4,
    "lr": 0.002,
    "lr_end": 0.0,
    "discount": 0.9,
    "model": {"kind": "values/normed", "params": {"hidden": [64, 64]}, "identity": True},
}
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "QMIX": (
        "values/qmix",
        {
            "lanes": 128,
            "rows": 9984,
            "steps_per_episode": 0.0625,
            "lr": 0.003,
            "lr_end": 0.0,
            "discount": 0.9,
            "trace": 0.6,
            "target_rate": 0.05,
            "model": RECURRENT,
        },
    ),
    "PQN-QMIX": ("values/pqn_qmix", FRESH),
    "PQN-VDN": ("values/pqn_vdn", FRESH),
}


def known(path: Path) -> list[dict[str, Any]]:
    """What was measured."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def fill(path: Path, seeds: list[int], env_steps: int) -> None:
    """Measure what is missing, seed by seed."""
    for seed in seeds:
        for method, (name, params) in METHODS.items():
            key = {"method": method, "seed": seed, "env_steps": env_steps}
            if any(key.items() <= cell.items() for cell in known(path)):
                continue
            greedy, _, seconds = measure(GAME, name, params, seed, env_steps)
            with path.open("a") as file:
                file.write(json.dumps({**key, "return": greedy, "seconds": seconds}) + "\n")
            print(key, greedy, seconds, flush=True)


def table(cells: list[dict[str, Any]]) -> Iterator[str]:
    """As Markdown, beside JaxMARL's figures."""
    yield "| | env steps | by seed, greedily | mean | JaxMARL's | env steps per CPU second | JaxMARL's |"
    yield "|---|---|---|---|---|---|---|"
    for method, (speed, theirs) in PEER.items():
        if found := [cell for cell in cells if cell["method"] == method]:
            returns = [cell["return"] for cell in found]
            rate = sum(cell["env_steps"] for cell in found) / sum(cell["seconds"] for cell in found)
            each = ", ".join(f"{one:.1f}" for one in returns)
            mean = statistics.mean(returns)
            steps = found[0]["env_steps"]
            yield f"| {method} | {steps:,} | {each} | {mean:.1f} | {theirs} | {rate:,.0f} | {speed:,} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, 30,000 env steps, nothing kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=[30, 31, 32])
    parser.add_argument("--cells", type=Path, default=CELLS, help="the file of what was measured")
    parser.add_argument("--print", action="store_true", help="measure nothing")
    options = parser.parse_args()
    one_torch_thread()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.jsonl" if options.quick else options.cells
        if not options.print:
            fill(
                path, options.seeds[:1] if options.quick else options.seeds, 30_000 if options.quick else GAME.env_steps
            )
        cells = known(path)
    print("\n".join(table(cells)))
    mine = [cell for cell in cells if cell["method"] == "QMIX"]
    ours = sum(cell["env_steps"] for cell in mine) / sum(cell["seconds"] for cell in mine)
    report("jaxmarl_spread", ours, PEER["QMIX"][0], ours / PEER["QMIX"][0], "env steps/s", cells=cells)


if __name__ == "__main__":
    main()
