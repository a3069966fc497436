"""Two versions of this repository beside each other: what each does in a second, measured in turns.

    python benchmarks/_before_after.py BEFORE NOW [--rounds 40] [--only NAME]

BEFORE and NOW are checkouts with an environment of their own (`.venv`, the version installed in it). Every task runs in
a process of each version, with that version's own benchmarks. Both warm up, and then each does a short piece in turn,
many times: a machine that is slow for a while is slow for both, and the ratio is the median over pairs of neighbours.
What is compared are rates by the CPU seconds of that process, which other work disturbs less, and by the clock.
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
import json, os, sys, time, warnings
sys.path.insert(0, "benchmarks")
warnings.filterwarnings("ignore")
from _common import one_torch_thread
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what Ray prints is no answer
def timed(work):
    work()
    for _ in sys.stdin:
        clock, cpu = time.perf_counter(), time.process_time()
        done = work()
        clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
        print(json.dumps([done / clock, done / cpu]), file=out, flush=True)
"""
LEAGUE = """
from psro_vs_openspiel import ours
timed(lambda: ours(0.5)[1])
"""
LEARNING = """
one_torch_thread()
from ppo_self_play import ROWS, ours
{part}
timed(lambda: [{call}()] and 10 * ROWS)
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
play = Play(env, b.players(env.spec, "relu"), Pairings.repeat([[0, 1], [1, 0]], 500_000, seed=1))
def ticks():
    plies = 0
    for _ in range(60):
        plies += len(play.live)
        play.tick()
    return plies
timed(ticks)
"""
GAMES = """
import env_throughput as b
from marl_classic.connect_four import ConnectFour
play = b.random_play(ConnectFour(1024))
timed(lambda: sum(next(play) for _ in range(300)))
"""
UPDATES = """
one_torch_thread()
from marl.training.hyper import Hyper
from ray_scaling import engine
ahead = {{"staleness": 1}} if hasattr(Hyper, "staleness") else {{"overlap": True}}
made = engine(lanes=128, rows=4096, minibatch=512, epochs=4, {how})
timed(lambda: sum(made.update()["env_steps"] for _ in range(4)))
"""
TASKS = {
    "PSRO on Leduc to NashConv 0.5, iterations/s": LEAGUE,
    "PPO self-play, local, rows/s": LEARNING.format(part="train, _ = ours()", call="train"),
    "PPO's learner alone, rows/s": LEARNING.format(part="_, ceiling = ours()", call="ceiling"),
    "updates of PPO, local, env steps/s": UPDATES.format(how=""),
    "updates of PPO, ahead of a learner elsewhere (by the clock), env steps/s": UPDATES.format(
        how='backend="ray", learners=1, **ahead'
    ),
    "arena, two 128x128 relu networks, plies/s": ARENA,
    "Connect Four at random, 1,024 lanes, states/s": GAMES,
}


def begun(tree: Path, code: str) -> subprocess.Popen[str]:
    """A process of a version that does a piece of the task for every line it is given."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    line = [str(tree / ".venv/bin/python"), "-c", TIMED + code]
    pipe = subprocess.PIPE
    return subprocess.Popen(line, cwd=tree, env=environment, stdin=pipe, stdout=pipe, text=True, bufsize=1)


def measured(process: subprocess.Popen[str]) -> tuple[float, float]:
    """How much of it a version does in a second, by the clock and by CPU time."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("go on\n")
    said = process.stdout.readline()
    if not said:
        sys.exit(f"{process.args[0]} ended with exit status {process.wait()}")
    clock, cpu = json.loads(said)
    return float(clock), float(cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="a checkout, with its environment in .venv")
    parser.add_argument("now", type=Path, help="another one")
    parser.add_argument("--rounds", type=int, default=40, help="how often each is measured")
    parser.add_argument("--only", default="", help="the tasks whose names begin so")
    options = parser.parse_args()
    for name, code in TASKS.items():
        if not name.startswith(options.only):
            continue
        rates: dict[str, list[float]] = {"before": [], "now": []}
        cpu_rates: dict[str, list[float]] = {"before": [], "now": []}
        processes = {"before": begun(options.before, code), "now": begun(options.now, code)}
        for turn in range(options.rounds):
            for version in ("before", "now") if turn % 2 else ("now", "before"):
                rate, cpu_rate = measured(processes[version])
                rates[version].append(rate)
                cpu_rates[version].append(cpu_rate)
        for process in processes.values():
            process.communicate()  # no more lines: it ends, and what it started with it
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
