"""How strong PPO self-play gets at Connect Four: `python benchmarks/connect_four_strength.py --minutes 15`.

Trains `connect_four_ppo` for so long on two cores (a sampler, and a learner meanwhile), then lets its newest snapshot
play OpenSpiel's MCTS with 100 simulations, as many games from either side: greedily, and drawing its moves as in
training. The line at the end has the greedy share of points and its 95 % interval. `--quick` trains for twenty seconds.
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

RIVAL = "openspiel/mcts simulations=100"
GREEDY = " greedy=true"
TWO_CORES = ["compute.backend=ray", "algorithm.staleness=1"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--matches", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="keep the run there")
    parser.add_argument("--quick", action="store_true", help="a rough answer in half a minute")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="change keys of the scenario")
    arguments = parser.parse_args()
    minutes, matches = (1 / 3, 20) if arguments.quick else (arguments.minutes, arguments.matches)
    short = ["slice=50000"] if arguments.quick else []
    overrides = [f"seed={arguments.seed}", *TWO_CORES, *short, *arguments.overrides]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(arguments.out or folder) / "run"
        train(out, minutes, overrides)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        slices = json.loads((out / "progress.json").read_text())["slices"]
        chosen = sorted({len(slices) // 2 or 1, len(slices)})
        scores = {(n, way): play(f"{out}@{n}{way}", matches) for n in chosen for way in ("", GREEDY)}
    for (number, way), score in scores.items():
        done = slices[number - 1]
        print(
            f"{done['env_steps']:,} env steps, {done['seconds']:.0f} s,{way or ' drawn'}: {score['points']:.1%} of the "
            f"points ({score['points_low']:.1%} to {score['points_high']:.1%}) of {matches} matches against {RIVAL}; "
            f"returns by side {score['return_side0']:+.2f} {score['return_side1']:+.2f}"
        )
    last = scores[len(slices), GREEDY]
    detail = {"env_steps": slices[-1]["env_steps"], "seconds": slices[-1]["seconds"], "minutes": minutes}
    detail["cpu_minutes"] = round((used.ru_utime + used.ru_stime) / 60, 1)
    interval = {
        "low": last["points_low"],
        "high": last["points_high"],
        "matches": matches,
        "drawn": scores[len(slices), ""]["points"],
    }
    report("connect_four_strength", last["points"], 0.6, last["points"] / 0.6, "points", **detail, **interval)


def train(out: Path, minutes: float, overrides: list[str]) -> None:
    """Train until the time is over; what was finished by then counts."""
    command = [sys.executable, "-m", "marl", "run", "connect_four_ppo", *overrides, "--out", str(out)]
    process = subprocess.Popen(command)
    try:
        process.wait(timeout=60 * minutes)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


def play(player: str, matches: int) -> dict[str, Any]:
    """The score against the rival."""
    command = [sys.executable, "-m", "marl", "evaluate", player, "--against", RIVAL]
    done = subprocess.run([*command, "--matches", str(matches), "--json"], check=True, capture_output=True, text=True)
    score: dict[str, Any] = json.loads(done.stdout)["scores"][RIVAL]
    return score


if __name__ == "__main__":
    main()
