"""Start-up: how long `marl --help` and `marl plugins list` take, in units of `python -c pass`; importing the learner.

Whole processes, interleaved, medians, with Python's compiled files, as an installation has them. The ratio is against
the wish of ten times a bare interpreter. The learner of `rllib/ppo` is beside what it stands on: torch and RLlib's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import _common as bench

COMMANDS = {"--help": ["--help"], "plugins list": ["plugins", "list"], "scenarios list": ["scenarios", "list"]}
WISH = 10.0
LEARNERS = {
    "torch and RLlib's learner": "import torch; from ray.rllib.core.learner.torch.torch_learner import TorchLearner",
    "marl's learner": "import marl_rllib.ppo",
}


def process(folder: str, *arguments: str) -> Callable[[], float]:
    """Measures the seconds of a whole process, whose compiled files are kept in a folder."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = folder

    def seconds() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=env)
        return time.perf_counter() - began

    return seconds


def main() -> None:
    quick = bench.arguments(__doc__).quick
    with tempfile.TemporaryDirectory() as folder:
        commands = {name: process(folder, "-m", "marl", *words) for name, words in COMMANDS.items()}
        results = bench.interleaved({"pass": process(folder, "-c", "pass"), **commands}, 9 if quick else 25)
        learners = {name: process(folder, "-c", code) for name, code in LEARNERS.items()}
        imports = bench.interleaved(learners, 2 if quick else 7)
    bench.table({**results, **imports}, "seconds")
    times = {name: bench.ratio(results, name, "pass") for name in COMMANDS}
    worst = max(times["--help"], times["plugins list"])
    detail = {name: round(ratio, 2) for name, ratio in times.items()}
    detail["learner / (torch and RLlib's)"] = round(bench.ratio(imports, "marl's learner", next(iter(LEARNERS))), 3)
    bench.report("startup", worst, WISH, WISH / worst, "times as long as `python -c pass`", **detail)


if __name__ == "__main__":
    main()
