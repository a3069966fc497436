"""How strong AlphaZero gets at Connect Four: `python benchmarks/alphazero.py --seed N`.

Trains the scenario `connect_four_alphazero` in one process, for `--minutes` at most (or takes a run that is there:
`--run`); for a longer run: `--minutes 60 env_steps=6000000 slice=600000`. Then snapshots play OpenSpiel's MCTS with 100
simulations, with the network alone and with searches behind it, greedily, as many games from each side. The line at the
end has the newest snapshot's share of points against MCTS with 1,000 simulations, with a search of `--simulations`, and
its 95 % interval. `--quick` trains for twenty seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from _common import report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--matches", type=int, default=100)
    parser.add_argument("--simulations", type=int, default=400, help="of the newest snapshot against the strong rival")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", help="measure this run instead of training one")
    parser.add_argument("--every", type=int, default=2, help="slices between two that are measured")
    parser.add_argument("--quick", action="store_true", help="a rough answer in a minute")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="change keys of the scenario")
    arguments = parser.parse_args()
    minutes, matches = (1 / 3, 10) if arguments.quick else (arguments.minutes, arguments.matches)
    short = ["slice=5000", "algorithm.lanes=64", "algorithm.rows=512"] if arguments.quick else []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(arguments.run or f"{folder}/run")
        if not arguments.run:
            train(out, minutes, [f"seed={arguments.seed}", *short, *arguments.overrides])
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        slices = json.loads((out / "progress.json").read_text())["slices"]
        weak, strong = ("openspiel/mcts simulations=100", "openspiel/mcts simulations=1000")
        for number in range(arguments.every, len(slices) + 1, arguments.every):
            for simulations in (0, 50):
                shown(slices[number - 1], simulations, weak, play(f"{out}@{number}", simulations, weak, matches))
        last = play(f"{out}@{len(slices)}", arguments.simulations, strong, matches)
        shown(slices[-1], arguments.simulations, strong, last)
    detail = {"env_steps": slices[-1]["env_steps"], "seconds": slices[-1]["seconds"], "matches": matches}
    detail |= {"cpu_minutes": round((used.ru_utime + used.ru_stime) / 60, 1), "simulations": arguments.simulations}
    interval = {"low": last["points_low"], "high": last["points_high"]}
    report("alphazero", last["points"], 0.6, last["points"] / 0.6, "points", **detail, **interval)


def train(out: Path, minutes: float, overrides: list[str]) -> None:
    """Train until the time is over; what was finished by then counts."""
    command = [sys.executable, "-m", "marl", "run", "connect_four_alphazero", *overrides, "--out", str(out)]
    process = subprocess.Popen(command)
    try:
        process.wait(timeout=60 * minutes)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


def play(player: str, simulations: int, rival: str, matches: int) -> dict[str, Any]:
    """The score against a rival."""
    name = f"{player} greedy=true simulations={simulations}"
    command = [sys.executable, "-m", "marl", "evaluate", name, "--against", rival, "--matches", str(matches), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    score: dict[str, Any] = json.loads(done.stdout)["scores"][rival]
    return score


def shown(done: dict[str, Any], simulations: int, rival: str, score: dict[str, Any]) -> None:
    print(
        f"{done['env_steps']:,} env steps, {done['seconds']:.0f} s, {simulations} simulations: {score['points']:.1%} "
        f"({score['points_low']:.1%} to {score['points_high']:.1%}) of the points against {rival}",
        flush=True,
    )


if __name__ == "__main__":
    main()
