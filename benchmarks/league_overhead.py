"""What a league costs beside the work that it orders: its own share of wall time, and how soon a large one answers.

A league of `league/pfsp` whose jobs take a stated time (they sleep) is run until it has 100 players; what is neither a
job nor matches is the league's own: deciding, writing down, measuring. Then `marl league status` is timed, as a
process, on a ledger of 2,000 players with a full table of payoffs. peer: 5 % of wall time, and one second.

The league's own time is measured as processor time, and so is the answer (wall time beside it): on a machine that
others use, wall time says how busy they are. On an idle one the two are nearly the same. Usage:

    python benchmarks/league_overhead.py [--quick]
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import _common as bench
import numpy as np

from league.items.item import JobItem
from league.items.work import LeagueWork
from league.ledger import Ledger
from league.runner import build
from marl.algorithm import Checkpoint, Trained
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import Component, Descriptor, Registry, hookimpl
from marl.registry.discover import discover
from marl.registry.load import build as build_registry
from marl.registry.plugin import Plugin
from marl.registry.settings import read_settings
from marl.scenario import load_scenario
from marl.services import scripted

JOB = 0.5  # seconds that a job takes; a slice of PPO takes longer
SCENARIO = """kind: league
env: classic/rock_paper_scissors
strategy: {name: league/pfsp, lineages: 2, algorithm: bench/sleeper}
payoffs: {source: {name: sampled, matches: 200}}
measures: [cycles, effective_players]
"""


@dataclass
class Params:
    """How long a job takes."""

    seconds: float = JOB
    env_steps: int = 1


class Sleeper:
    """Its jobs take the time that they are told, and learn to play at random, each a little otherwise."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def train(self, job: Any, services: Any) -> Trained:
        time.sleep(self.params.seconds)
        snapshot = scripted(Component("marl/random", {}))
        number = np.array([job.seed % 2**31])
        made = type(snapshot)(snapshot.policy, {"number": number}, snapshot.meta)
        return Trained(made, Checkpoint({"number": number}, {}), {})


def registry() -> Registry:
    """Everything that is installed, and the sleeper."""
    plugin = types.ModuleType("bench_plugin")

    @hookimpl
    def marl_algorithms() -> Iterable[Descriptor]:
        return [Descriptor("sleeper", "bench_plugin:Sleeper", "sleeps", params="bench_plugin:Params")]

    plugin.marl_algorithms, plugin.Sleeper, plugin.Params = marl_algorithms, Sleeper, Params
    sys.modules["bench_plugin"] = plugin
    return build_registry([*discover(), Plugin("bench", "bench", "0", "bench_plugin")], read_settings())


def share(players: int) -> tuple[float, float, float]:
    """A league until it has so many players: seconds of work, own processor time, own ms an iteration at the end."""
    jobs, busy = 0, 0.0
    do = LeagueWork.__call__

    def timed(self: LeagueWork, item: Any, tell: Any) -> Any:
        nonlocal jobs, busy
        cpu = time.process_time()
        try:
            return do(self, item, tell)
        finally:
            jobs, busy = jobs + isinstance(item, JobItem), busy + time.process_time() - cpu

    LeagueWork.__call__ = timed  # type: ignore[method-assign]
    found = registry()
    marks = []
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory)
        (out / "it.yaml").write_text(SCENARIO + f"stop: {{iterations: {players}}}\n")
        config = load_scenario(out / "it.yaml", [], found).config
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        manager = build(config, found, ledger, Blobs(out / "blobs"), metrics)
        began = time.process_time()
        for _ in manager.run():
            marks.append(time.process_time() - began - busy)
        own = time.process_time() - began - busy
        metrics.close()
        ledger.close()
    last = max(players // 10, 1)
    return jobs * JOB + busy, own, 1000 * (marks[-1] - marks[-1 - last]) / last


def large(run: Path, players: int) -> None:
    """A run directory with so many players, half on each side, and a full table of payoffs."""
    half = players // 2
    text = "kind: league\nenv: classic/kuhn_poker\nname: large\n"
    (run / "draft.yaml").write_text(text)
    (run / "scenario.yaml").write_text(load_scenario(run / "draft.yaml", [], registry()).text)
    Ledger.at(run).close()
    with sqlite3.connect(run / "ledger.db") as database:
        rows = [
            (1 + 2 * n + side, f"player_{side}/{n}", f"[{side}]", f"{side}{n:063x}", n, "main", "[]", "x", "")
            for n in range(half)
            for side in range(2)
        ]
        columns = "id, name, sides, snapshot, born, role, opponents, lineage, parent"
        database.executemany(f"insert into players ({columns}) values ({','.join('?' * 9)})", rows)
        pairs = product(range(half), repeat=2)
        cells = ((f"{1 + 2 * a},{2 + 2 * b}", 0, -1, "[0.5, -0.5]", "[0.0, 0.0]") for a, b in pairs)
        database.executemany("insert into payoffs (pairing, first_seed, count, mean, m2) values (?,?,?,?,?)", cells)
        about = {"title": "NashConv"}
        for n in range(half):
            mixture = [1.0 / (n + 1)] * (n + 1)
            data = {"mixtures": [mixture, mixture], "values": [0.0, 0.0], "margins": [0.0, 0.0],
                    "measures": {"nash_conv": {"value": 0.1, "low": 0.1, "high": 0.1}}}  # fmt: skip
            data |= {"about": {"nash_conv": about}} if n == 0 else {}
            row = ("mixtures", n, 2 * n + 2, (n + 1) ** 2, json.dumps(data), float(n))
            columns = "kind, iteration, saw_player, saw_payoff, data, seconds"
            database.execute(f"insert into decisions ({columns}) values (?,?,?,?,?,?)", row)


def answer(run: Path) -> tuple[float, float]:
    """Seconds of processor time of `marl league status`, as a process, and of the wall clock.

    With Python's compiled files, as an installation has them.
    """
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(run / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "marl", "league", "status", str(run), "--json"],
        check=True,
        capture_output=True,
        env=env,
    )
    assert json.loads(done.stdout)["sides"][0]["players"] > 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - began


def main() -> None:
    quick = bench.arguments(__doc__).quick
    players = 30 if quick else 100
    work, own, each = share(players)
    part = own / (own + work)
    print(f"{players} players: {work:.1f} s of jobs and matches, {own:.2f} s of the league's own: {part:.1%}")
    print(f"an iteration at {players} players costs {each:.1f} ms of the league's own; jobs took {JOB:g} s")
    many = 200 if quick else 2000
    with tempfile.TemporaryDirectory() as directory:
        large(Path(directory), many)
        size = sum(file.stat().st_size for file in Path(directory).glob("ledger.db*")) / 2**20
        answer(Path(directory))  # compiles
        seconds = sorted(answer(Path(directory)) for _ in range(3))
        print(f"{many} players, a ledger of {size:.0f} MiB: status in {seconds[1][0]:.2f} s (wall {seconds[1][1]:.2f})")
    bench.report(
        "league_overhead", part, 0.05, 0.05 / part, "share of wall time", own_ms=each, status_s=seconds[1][0],
        status_wall_s=seconds[1][1], players=players, ledger_players=many,
    )  # fmt: skip


if __name__ == "__main__":
    main()
