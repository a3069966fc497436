"""How busy two workers are under prioritised fictitious self-play, and what the second one brings.

The same league of two learners (PPO on Kuhn poker, two logical workers) is run with one worker process and with two,
in turns. Utilisation is the time that workers spend in jobs, of all the time that they are there: the rest is waiting
for a turn, for payoffs and for the ledger. It is counted from when both learners have done their first job, so that
importing torch is not in it; `with_start` counts that too. Both leagues must be the same, bit for bit.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from _common import arguments, interleaved, medians, ratio, report, table

from league.ledger import Ledger
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.scenario import load_scenario

SCENARIO = """
kind: league
env: classic/kuhn_poker
strategy:
  name: league/pfsp
  win: 2.0
  algorithm: {{name: rllib/ppo, env_steps: {steps}, lanes: 128, rows: 4096, minibatch: 1024, lr: 0.002, entropy: 0.01}}
workers: 2
compute: {{processes: {processes}}}
stop: {{iterations: {iterations}}}
"""
WARM = 2  # iterations: the first job of each learner


def league(processes: int, steps: int, iterations: int) -> tuple[str, dict[str, float]]:
    """Run one; the ledger's digest, and what was measured."""
    registry = load_registry()
    with TemporaryDirectory() as folder:
        scenario = Path(folder) / "scenario.yaml"
        scenario.write_text(SCENARIO.format(steps=steps, processes=processes, iterations=iterations))
        config = load_scenario(str(scenario), [], registry).config
        with closing(Ledger.at(Path(folder))) as ledger, closing(Metrics(Path(folder) / "metrics.jsonl")) as metrics:
            manager = build(config, registry, ledger, Blobs(Path(folder) / "blobs"), metrics)
            began, moments = time.perf_counter(), []
            for _ in manager.run():
                moments.append(time.perf_counter())
            jobs = [ledger.job(id) for (id,) in _taken(ledger)]
            seconds = [float(job["seconds"]) for job in jobs if job is not None]
            wall, whole = moments[iterations] - moments[WARM], moments[iterations] - began
            return ledger.digest(), {
                "utilisation": sum(seconds[WARM:]) / (processes * wall),
                "with_start": sum(seconds) / (processes * whole),
                "steps_per_s": steps * (iterations - WARM) / wall,
            }


def _taken(ledger: Ledger) -> list[tuple[str]]:
    """The jobs in the order in which they were taken."""
    with ledger.reads() as connection:
        query = "select job from orders where taken is not null order by place"
        return [(str(row[0]),) for row in connection.exec_driver_sql(query)]


def main() -> None:
    options = arguments(__doc__)
    steps, iterations, rounds = (20_000, 10, 1) if options.quick else (100_000, 20, 3)
    digests: set[str] = set()
    measured: dict[str, list[dict[str, float]]] = {"one worker": [], "two workers": []}

    def run(name: str, processes: int) -> float:
        digest, found = league(processes, steps, iterations)
        digests.add(digest)
        measured[name].append(found)
        return found["steps_per_s"]

    tasks = {"one worker": lambda: run("one worker", 1), "two workers": lambda: run("two workers", 2)}
    results = interleaved(tasks, rounds)
    assert len(digests) == 1, "the leagues differ"
    table(results, "env steps/s")
    busy = {
        f"{key} of {name}": medians({key: [one[key] for one in found[1:]]})[key]
        for name, found in measured.items()
        for key in ("utilisation", "with_start")
    }
    middle = medians(results)
    better = ratio(results, "two workers", "one worker")
    report("pool", middle["two workers"], middle["one worker"], better, "env steps/s", steps=steps, **busy)


if __name__ == "__main__":
    main()
