"""Two versions of this repository beside each other: what each does in a second, measured in turns.

    python benchmarks/_before_after.py BEFORE NOW [--rounds 5] [--only NAME]

BEFORE and NOW are checkouts with an environment of their own (`.venv`, the version installed in it). Each round starts
every task in a process of each version, which warms up and measures with that version's own benchmarks. What is
compared are rates by the CPU seconds of that process, which other work disturbs less, and by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from _common import medians, ratio, report, table

TIMED = """
import json, sys, time, warnings
sys.path.insert(0, "benchmarks")
warnings.filterwarnings("ignore")
from _common import one_torch_thread
def timed(work, repeat):
    work()
    clock, cpu = time.perf_counter(), time.process_time()
    done = sum(work() for _ in range(repeat))
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    print(json.dumps([done / clock, done / cpu]))
"""
LEAGUE = """
from psro_vs_openspiel import ours
timed(lambda: ours(0.5)[1], 3)
"""
LEARNING = """
one_torch_thread()
from ppo_self_play import ROWS, ours
{part}
timed(lambda: [{call}()] and 10 * ROWS, 3)
"""
ARENA = """
one_torch_thread()
import arena_throughput as b
from marl.registry import load_registry
try:
    from marl.registry import ENVIRONMENTS as kind
except ImportError:
    kind = "environments"
from marl.arena import Pairings, Play
env = load_registry().make(kind, "classic/connect_four", {}, lanes=b.LANES)
play = Play(env, b.players(env.spec, "relu"), Pairings.repeat([[0, 1], [1, 0]], 50_000, seed=1))
def ticks():
    plies = 0
    for _ in range(60):
        plies += len(play.live)
        play.tick()
    return plies
timed(ticks, 5)
"""
GAMES = """
import env_throughput as b
from marl_classic.connect_four import ConnectFour
play = b.random_play(ConnectFour(1024))
timed(lambda: sum(next(play) for _ in range(300)), 5)
"""
TASKS = {
    "PSRO on Leduc to NashConv 0.5, iterations/s": LEAGUE,
    "PPO self-play, local, rows/s": LEARNING.format(part="train, _ = ours()", call="train"),
    "PPO's learner alone, rows/s": LEARNING.format(part="_, ceiling = ours()", call="ceiling"),
    "arena, two 128x128 relu networks, plies/s": ARENA,
    "Connect Four at random, 1,024 lanes, states/s": GAMES,
}


def measured(tree: Path, code: str) -> tuple[float, float]:
    """How much of it a version does in a second, by the clock and by CPU time."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    line = [str(tree / ".venv/bin/python"), "-c", TIMED + code]
    done = subprocess.run(line, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{tree}: {done.stderr[-2000:]}")
    clock, cpu = json.loads(done.stdout.splitlines()[-1])
    return float(clock), float(cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="a checkout, with its environment in .venv")
    parser.add_argument("now", type=Path, help="another one")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument("--only", default="", help="the tasks whose names begin so")
    options = parser.parse_args()
    for name, code in TASKS.items():
        if not name.startswith(options.only):
            continue
        rates: dict[str, list[float]] = {"before": [], "now": []}
        cpu_rates: dict[str, list[float]] = {"before": [], "now": []}
        for _ in range(options.rounds):
            for version, tree in (("before", options.before), ("now", options.now)):
                rate, cpu_rate = measured(tree, code)
                rates[version].append(rate)
                cpu_rates[version].append(cpu_rate)
        table(cpu_rates, f"{name}, by CPU seconds")
        middle, load = medians(cpu_rates), os.getloadavg()[0]
        by_clock = ratio(rates, "now", "before")
        report(
            name,
            middle["now"],
            middle["before"],
            ratio(cpu_rates, "now", "before"),
            "1/CPU s",
            by_clock=by_clock,
            load=load,
        )


if __name__ == "__main__":
    main()
