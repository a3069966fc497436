"""Start-up: how long `marl --help` and `marl plugins list` take, in units of `python -c pass`; importing the learner.

And `marl plugins list` with 200 plugins beside those that are installed, in units of what it takes with 6 more.

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
from pathlib import Path

import _common as bench

COMMANDS = {"--help": ["--help"], "plugins list": ["plugins", "list"], "scenarios list": ["scenarios", "list"]}
WISH = 10.0
FEW, MANY = 6, 200  # small plugins; the wish is that many take at most three times as long
LEARNERS = {
    "torch and RLlib's learner": "import torch; from ray.rllib.core.learner.torch.torch_learner import TorchLearner",
    "marl's learner": "import marl_rllib.ppo",
}


PLUGIN = """from marl.registry import Descriptor, hookimpl
MARL_API = ">=2,<3"
@hookimpl
def marl_policies():
    return [Descriptor("bot", "marl.policies.random:Random", "plays at random")]
"""


def site(folder: str, count: int) -> str:
    """A folder with so many plugins, each a distribution as installers leave it."""
    root = Path(folder) / f"site{count}"
    for number in range(count):
        name = f"bench_plugin_{number}"
        package, info = root / name, root / f"{name}-1.0.dist-info"
        package.mkdir(parents=True)
        info.mkdir()
        (package / "__init__.py").write_text("")
        (package / "plugin.py").write_text(PLUGIN)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\n" + "word " * 500)
        (info / "entry_points.txt").write_text(f"[marl]\n{name} = {name}.plugin\n")
    return str(root)


def process(folder: str, *arguments: str, path: str = "") -> Callable[[], float]:
    """Measures the seconds of a whole process, whose compiled files are kept in a folder; `path`: on its sys.path."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = folder
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [path, env.get("PYTHONPATH", "")]))

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
        lists = {
            count: process(folder, "-m", "marl", "plugins", "list", path=site(folder, count)) for count in (FEW, MANY)
        }
        growth = bench.interleaved({f"list with {n} more": run for n, run in lists.items()}, 5 if quick else 15)
        learners = {name: process(folder, "-c", code) for name, code in LEARNERS.items()}
        imports = bench.interleaved(learners, 2 if quick else 7)
    bench.table({**results, **growth, **imports}, "seconds")
    times = {name: bench.ratio(results, name, "pass") for name in COMMANDS}
    worst = max(times["--help"], times["plugins list"])
    detail = {name: round(ratio, 2) for name, ratio in times.items()}
    detail["learner / (torch and RLlib's)"] = round(bench.ratio(imports, "marl's learner", next(iter(LEARNERS))), 3)
    detail[f"list: {MANY} / {FEW}"] = round(bench.ratio(growth, f"list with {MANY} more", f"list with {FEW} more"), 2)
    bench.report("startup", worst, WISH, WISH / worst, "times as long as `python -c pass`", **detail)


if __name__ == "__main__":
    main()
