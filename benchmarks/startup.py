"""Start-up: how long `marl --help` and `marl plugins list` take, in units of `python -c pass`.

Whole processes, interleaved, medians. The ratio is against the wish of ten times a bare interpreter.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import _common as bench

COMMANDS = {"--help": ["--help"], "plugins list": ["plugins", "list"], "scenarios list": ["scenarios", "list"]}
WISH = 10.0


def process(*arguments: str) -> Callable[[], float]:
    """Measures the seconds of a whole process."""

    def seconds() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        return time.perf_counter() - began

    return seconds


def main() -> None:
    rounds = 5 if bench.arguments(__doc__).quick else 25
    tasks = {"pass": process("-c", "pass"), **{name: process("-m", "marl", *words) for name, words in COMMANDS.items()}}
    results = bench.interleaved(tasks, rounds)
    bench.table(results, "seconds")
    times = {name: bench.ratio(results, name, "pass") for name in COMMANDS}
    worst = max(times["--help"], times["plugins list"])
    detail = {name: round(ratio, 2) for name, ratio in times.items()}
    bench.report("startup", worst, WISH, WISH / worst, "times as long as `python -c pass`", **detail)


if __name__ == "__main__":
    main()
