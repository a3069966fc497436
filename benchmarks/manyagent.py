"""A thousand agents through one network: agent-steps a second, and memory against the number of agents.

play    the battle of 2 x 500 soldiers, one shared network of two layers of 64, actions drawn: one process, one core
train   MF-Q in self-play on it: play, replay and gradient steps (one row drawn for each that is played)
two     two such plays at once, in processes of their own: what two cores do
both    the same training on two cores: a sampler in a process of its own plays on while this one learns (`backend:
        ray`, `staleness: 1`); rows over the CPU seconds of the busier of the two
memory  the greatest memory of a process that plays (and of one that trains) for armies of 125 to 2,000 soldiers each,
        on fields as dense, and what each further agent takes: the same for all, where memory is linear

Rates are by the CPU time of a process on one thread: what a core does that nobody else uses. The goal is 100,000
agent-steps a second on two cores, network included. `peer` is that goal, `ours` is training on two cores.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from functools import partial
from itertools import pairwise
from typing import Any

import _common as bench

GOAL = 100_000.0
ARMIES = (125, 250, 500, 1000, 2000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer in a few seconds")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    bench.one_torch_thread()
    if given.child:
        what, soldiers, ticks = given.child
        print(json.dumps(MEASURED[what](int(soldiers), int(ticks))))
        return
    ticks, rounds = (40, 1) if given.quick else (150, 3)
    tasks = {
        "play": lambda: child("play", 500, ticks)["rate"],
        "train": lambda: child("train", 500, ticks)["rate"],
        "two": lambda: both(500, ticks),
        "both": lambda: child("both", 500, ticks)["rate"],
    }
    results = bench.interleaved(tasks, rounds)
    bench.table(results, "agent-steps/s")
    armies = ARMIES[::2] if given.quick else ARMIES
    memory = {what: [child(what, army, 30)["memory"] for army in armies] for what in ("play", "train")}
    for what, found in memory.items():
        print(f"{what}: MiB at {', '.join(f'{2 * army:,}' for army in armies)} agents: {[round(one) for one in found]}")
        print(f"   {growth(armies, found)}")
    best = bench.medians(results)
    bench.report("manyagent", best["both"], GOAL, best["both"] / GOAL, "agent-steps/s", **best, memory=memory)


def child(what: str, soldiers: int, ticks: int) -> dict[str, float]:
    """A measurement in a process of its own."""
    found: dict[str, float] = json.loads(start(what, soldiers, ticks).communicate()[0].splitlines()[-1])
    return found


def start(what: str, soldiers: int, ticks: int) -> Any:
    command = [sys.executable, __file__, "--child", what, str(soldiers), str(ticks)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def both(soldiers: int, ticks: int) -> float:
    """Two plays at once: their rates added up."""
    running = [start("play", soldiers, ticks) for _ in range(2)]
    return float(sum(json.loads(one.communicate()[0].splitlines()[-1])["rate"] for one in running))


def growth(armies: tuple[int, ...], found: list[float]) -> str:
    """MiB for each agent more, between neighbours in the list: equal where memory is linear."""
    steps = zip(pairwise(armies), pairwise(found), strict=True)
    each = [1024 * (after - before) / (2 * (more - less)) for (less, more), (before, after) in steps]
    return "KiB for each agent more: " + ", ".join(f"{one:.1f}" for one in each)


def battle(soldiers: int) -> dict[str, int]:
    """As dense for all armies."""
    return {"soldiers": soldiers, "size": 2 * math.ceil(math.sqrt(3.2 * soldiers)), "max_length": 200}


def play(soldiers: int, ticks: int) -> dict[str, float]:
    """Matches of untrained networks, whose soldiers hardly die."""
    import numpy as np

    from marl.arena import Mixtures
    from marl.arena.play import Play
    from marl.training.networks import ModelConfig, NetworkPolicy
    from marl.training.networks.build import networks
    from marl_manyagent.battle.battle import Battle, BattleParams

    game = Battle(1, BattleParams(**battle(soldiers)))
    policy = NetworkPolicy(game.spec, networks(game.spec, ModelConfig(hidden=[64, 64], activation="relu")))
    play, rows = Play(game, [policy], Mixtures(np.ones((2, 1)), 0), []), 0
    for tick in range(ticks + 5):
        if tick == 5:  # the first ones are slower
            started, rows = time.process_time(), 0
        rows += int((game.health > 0).sum()) * (not game.over[0])
        play.tick()
    return {"rate": rows / (time.process_time() - started), "memory": greatest()}


def train(soldiers: int, ticks: int, where: str = "local") -> dict[str, float]:
    """Updates of self-play, each of two ticks; rates without the first, and without snapshots."""
    from tempfile import TemporaryDirectory

    from marl.algorithm import close
    from marl.blobs import Blobs
    from marl.compute import Compute
    from marl.job import SELF, Job
    from marl.registry import ALGORITHMS, Component, load_registry
    from marl.services import RunServices

    told: list[tuple[dict[int, float], float]] = []  # CPU seconds by process, rows of the update
    rows = 4 * soldiers
    params = {
        "lanes": 1, "rows": rows, "minibatch": 500, "updates": max(1, rows // 500), "learning_starts": rows,
        "capacity": 20 * rows, "model": {"hidden": [64, 64], "activation": "relu"}, "staleness": int(where == "ray"),
    }  # fmt: skip
    with TemporaryDirectory() as folder:
        registry, env = load_registry(), Component("manyagent/battle", battle(soldiers))
        services = RunServices(registry, env, Blobs(_path(folder)), told_of(told), compute=Compute(where))  # type: ignore[arg-type]
        job = Job("manyagent/mfq", 0, ((), ((SELF, 1.0),)), 0, budget={"env_steps": ticks})
        algorithm = registry.make(ALGORITHMS, "manyagent/mfq", params)
        algorithm.train(job, services)
        close(algorithm)
    rest = told[1:]
    busy = [rest[-1][0][core] - rest[0][0][core] for core in rest[0][0] if core in rest[-1][0]]
    return {"rate": sum(rows for _, rows in rest[1:]) / max(busy), "memory": greatest()}


def told_of(told: list[tuple[dict[int, float], float]]) -> Any:
    """What hears of updates, and notes the CPU seconds that each process of this benchmark has spent by then."""
    return lambda step, values: told.append((busy(), values["rows"]))


def busy() -> dict[int, float]:
    """The CPU seconds of this process and of all that it started, by their numbers (Linux)."""
    import os
    from pathlib import Path

    seconds, parents = dict[int, float](), dict[int, int]()
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        process = int(file.parent.name)
        parents[process] = int(fields[1])
        seconds[process] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    ours = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return {process: seconds[process] for process in ours}


def _path(folder: str) -> Any:
    from pathlib import Path

    return Path(folder)


def greatest() -> float:
    """The most memory that this process had, in MiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


MEASURED = {"play": play, "train": train, "both": partial(train, where="ray")}

if __name__ == "__main__":
    main()
