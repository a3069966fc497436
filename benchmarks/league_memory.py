"""Memory of a league as it grows to 2,000 players: how much of it their number takes.

    python benchmarks/league_memory.py [--quick]

A whole league (ledger, blobs, payoffs by matches, metrics) on Kuhn poker. Its strategy is self-play, which asks for few
payoffs; its players are dense networks of half a MiB that cost nothing to train, so that whoever keeps them is seen.
Resident memory is read along the way, and how much of it the payoff table is, which has room for all pairings. The
ratio is what the networks of the second half of the players would take, over what the process grew by meanwhile. A
third of the players with `--quick`.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import _common as bench
import numpy as np

from league.ledger import Ledger
from league.runner import build
from marl.algorithm import Checkpoint, Trained
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.policy import Acts
from marl.registry import Descriptor, hookimpl
from marl.registry.discover import discover
from marl.registry.load import build as build_registry
from marl.registry.plugin import Plugin
from marl.registry.settings import read_settings
from marl.scenario import load_scenario
from marl.snapshot import Snapshot

PLAYERS, WIDTH, MIB = 2000, 256, 2**20
SCENARIO = """
kind: league
env: classic/kuhn_poker
strategy: {name: self_play, algorithm: bench/drawn}
payoffs: {source: {name: sampled, matches: 20, lanes: 16}}
measures: []
"""


class Dense:
    """A network of one hidden layer that plays what scores best of what is legal."""

    def __init__(self, spec: Any, snapshot: Snapshot) -> None:
        self.arrays = {name: np.array(array) for name, array in snapshot.arrays.items()}

    def memory(self, rows: int) -> None:
        """It remembers nothing."""

    def act(self, rows: Any, memory: Any, keys: Any) -> Acts:
        """The legal action with the greatest score."""
        seen = np.zeros((len(rows), WIDTH))
        flat = rows.observation.reshape(len(rows), -1)[:, :WIDTH]
        seen[:, : flat.shape[1]] = flat
        scores = np.tanh(seen @ self.arrays["first"]) @ self.arrays["second"]
        scores = scores[:, : rows.mask.shape[1]] if rows.mask is not None else scores
        legal = scores if rows.mask is None else np.where(rows.mask, scores, -np.inf)
        return Acts(legal.argmax(axis=1), np.zeros(len(rows)))


class Drawn:
    """Draws a network: the cheapest learner there is."""

    def train(self, job: Any, services: Any) -> Trained:
        """A network that follows from the job's seed."""
        draw = np.random.default_rng(job.seed)
        arrays = {"first": draw.normal(size=(WIDTH, WIDTH)), "second": draw.normal(size=(WIDTH, 4))}
        services.log(1, env_steps=1.0)
        return Trained(Snapshot("bench/dense", arrays), Checkpoint({"step": np.zeros(1)}, {"seed": job.seed % 7}))


def registry() -> Any:
    """What is installed, and the benchmark's own learner."""
    plugin: Any = types.ModuleType("bench_plugin")
    plugin.MARL_API = ">=2,<3"

    @hookimpl
    def marl_algorithms() -> list[Descriptor]:
        return [Descriptor("drawn", "bench_plugin:Drawn", "draws a network")]

    @hookimpl
    def marl_policies() -> list[Descriptor]:
        return [Descriptor("dense", "bench_plugin:Dense", "plays a dense network")]

    plugin.marl_algorithms, plugin.marl_policies, plugin.Drawn, plugin.Dense = (
        marl_algorithms,
        marl_policies,
        Drawn,
        Dense,
    )
    sys.modules["bench_plugin"] = plugin
    return build_registry([*discover(), Plugin("bench", "bench", "0", "bench_plugin")], read_settings())


def resident() -> float:
    """Resident memory of this process, in MiB."""
    gc.collect()
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def main() -> None:
    most = PLAYERS * 3 // 10 if bench.arguments(__doc__).quick else PLAYERS
    found = registry()
    marks, seen, tables = (most // 20, most // 4, most // 2, most), {}, {}
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory)
        (out / "memory.yaml").write_text(SCENARIO + f"stop: {{iterations: {most // 2 - 1}}}\n")
        config = load_scenario(out / "memory.yaml", [], found).config
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        manager = build(config, found, ledger, Blobs(out / "blobs"), metrics)
        for _ in manager.run():
            if (players := sum(manager.population.sizes)) in marks:
                table = manager.filling.table
                seen[players], tables[players] = (
                    resident(),
                    sum(a.nbytes for a in (table._mean, table._m2, table._count)),
                )
                print(
                    f"{players:6,} players  {seen[players]:8.1f} MiB  table {tables[players] / MIB:6.1f} MiB",
                    flush=True,
                )
        metrics.close()
        ledger.close()
    grown = seen[most] - seen[most // 2]
    networks = most / 4 * WIDTH * (WIDTH + 4) * 8 / MIB  # both sides share one
    detail = {str(players): round(size, 1) for players, size in seen.items()}
    detail["table"] = round((tables[most] - tables[most // 2]) / MIB, 1)
    bench.report("league_memory", grown, networks, networks / max(grown, 1.0), "MiB", **detail)


if __name__ == "__main__":
    main()
