"""PSRO with best responses that are learned, on Leduc poker, at psrolab's budgets of episodes.

`leduc_psro_ppo` with 10 iterations of at most 15,000 episodes for each best response, and with 20 of at most 60,000.
What psrolab (aerodyneai/psro-in-practice) says of itself at these: exploitability 1.325 to 1.441 (three seeds, run on a
machine of this kind, 147 to 150 s) and 0.795 to 0.838 (published). Exploitability is NashConv / 2, and exact. Seeds 60
to 62 were looked at once; nothing was tuned for this.

    python benchmarks/psro_learned.py
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from _common import report
from team_league import marl

BUDGETS = {(10, 15_000): 1.37, (20, 60_000): 0.795}  # (iterations, episodes of a best response): psrolab's
TICKS = 3.3  # of a match of Leduc poker: none of the best responses had fewer in the mean


class Run(NamedTuple):
    """The exploitability at the end, CPU seconds of the whole command, episodes of the best response that had most."""

    exploitability: float
    seconds: float
    episodes: int


def run(seed: int, iterations: int, episodes: int, out: Path) -> Run:
    """A league from its beginning to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    settings = [
        f"strategy.oracle.env_steps={round(episodes * TICKS)}",
        "stop.nash_conv=0",
        f"stop.iterations={iterations}",
    ]
    marl("run", "leduc_psro_ppo", f"seed={seed}", *settings, "--out", str(out))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    played: Counter[str] = Counter()
    for line in (out / "metrics.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "train":
            played[event["job"]] += int(event["matches"])
    measures = json.loads(marl("league", "status", str(out), "--json"))["measures"]
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(measures["nash_conv"]["value"] / 2, seconds, max(played.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, 2 iterations of 3,000 episodes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[60, 61, 62])
    options = parser.parse_args()
    budgets = {(2, 3_000): 1.37} if options.quick else BUDGETS
    seeds = options.seeds[:1] if options.quick else options.seeds
    print(
        "| best responses | exploitability, by seed | mean | psrolab's | CPU seconds | most episodes of one |\n"
        + "|---" * 6
        + "|"
    )
    for (iterations, episodes), theirs in budgets.items():
        with tempfile.TemporaryDirectory() as folder:
            found = [run(seed, iterations, episodes, Path(folder) / str(seed)) for seed in seeds]
        mean = statistics.mean(one.exploitability for one in found)
        each = ", ".join(f"{one.exploitability:.3f}" for one in found)
        spent = ", ".join(f"{one.seconds:.0f}" for one in found)
        most = max(one.episodes for one in found)
        print(
            f"| {iterations} of {episodes:,} episodes | {each} | {mean:.3f} | {theirs} | {spent} | {most:,} |",
            flush=True,
        )
    report("psro_learned", mean, theirs, mean / theirs, "exploitability")


if __name__ == "__main__":
    main()
