"""How busy two workers are under prioritised fictitious self-play, and what the second one brings.

The same league of two learners (PPO on Kuhn poker, two logical workers) is run with one worker process and with two,
in turns. Both must be the same, bit for bit. What is counted of each learner is its time from the end of its first job
to that of its last, in which all that is done is counted, and nothing else is: with two workers the second learner's
first job ends late, when the first learner has already begun (or finished) its second, and a window that is the same
for both would count that as done in no time. Utilisation is the share of this time that is spent in jobs: the rest is
waiting for a turn, for payoffs and for the ledger. `start` are the seconds before the first job, as it would take
later, could have begun: importing, starting workers, making engines. `with_start` is the share of all the time that
workers spend in jobs; the first job of each makes its engine.

`--strategies`: the same share for Pipeline-PSRO and for an AlphaStar league, which have as many logical workers as
learners, four and six, on two processes. Learners change workers there, so what is watched is both workers, from the
end of the second job on (their engines are made) until the last one begins (there is work for both).

`evaluation`: the same of a league whose time goes into what is done between jobs: PSRO with best responses that are
exact, payoffs by 20,000 matches a pairing, and an exploiter of each side (PPO) in every iteration.
"""

from __future__ import annotations

import argparse
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from _common import interleaved, medians, ratio, report, table

from league.items.item import JobItem
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
EVALUATED = """
kind: league
env: classic/kuhn_poker
strategy: {{name: league/psro, metasolver: league/uniform}}
payoffs: {{source: {{name: sampled, matches: 20000}}}}
measures: [{{name: exploitability, exploiter: {{name: rllib/ppo, env_steps: {steps}, lanes: 128, rows: 4096}}}}]
compute: {{processes: {processes}}}
stop: {{iterations: {iterations}}}
"""
STRATEGIES = """
kind: league
env: classic/kuhn_poker
strategy: {strategy}
workers: {workers}
compute: {{processes: 2}}
stop: {{iterations: {iterations}}}
"""
PPO = "{{name: rllib/ppo, env_steps: {steps}, lanes: 128, rows: 4096, minibatch: 1024, lr: 0.002, entropy: 0.01}}"
SEVERAL = {
    "pipeline_psro": (f"{{{{name: pipeline_psro, oracle: {PPO}}}}}", 4),
    "alphastar": (f"{{{{name: alphastar, algorithm: {PPO}, win: 2.0, league_exploiters: 1}}}}", 6),
}
WARM = 2  # iterations: the first job of each learner


def ran(text: str) -> tuple[str, list[float], list[tuple[str, float]]]:
    """Run a scenario: the ledger's digest, when it began and when each iteration ended, and its jobs."""
    registry = load_registry()
    with TemporaryDirectory() as folder:
        scenario = Path(folder) / "scenario.yaml"
        scenario.write_text(text)
        began = time.perf_counter()
        config = load_scenario(str(scenario), [], registry).config
        with closing(Ledger.at(Path(folder))) as ledger, closing(Metrics(Path(folder) / "metrics.jsonl")) as metrics:
            manager = build(config, registry, ledger, Blobs(Path(folder) / "blobs"), metrics)
            moments = [began, *(time.perf_counter() for _ in manager.run())]
            return ledger.digest(), moments, _taken(ledger)


def league(processes: int, steps: int, iterations: int) -> tuple[str, dict[str, float]]:
    """Run the league of learners; the ledger's digest, and what was measured."""
    digest, (began, *moments), taken = ran(SCENARIO.format(steps=steps, processes=processes, iterations=iterations))
    warm = [seconds for _, seconds in taken[WARM:]]
    return digest, {
        **pace(taken, moments, processes, steps),
        "with_start": sum(seconds for _, seconds in taken) / (processes * (moments[iterations] - began)),
        "start": moments[1] - began - sum(warm) / len(warm),
        "job": sum(warm) / len(warm),
    }


def evaluation(processes: int, steps: int, iterations: int) -> tuple[str, float]:
    """Run the league whose time goes into payoffs and exploiters; the ledger's digest, and iterations a second."""
    digest, moments, _ = ran(EVALUATED.format(steps=steps, processes=processes, iterations=iterations))
    return digest, (iterations - 1) / (moments[-1] - moments[2])


def pace(taken: list[tuple[str, float]], moments: list[float], processes: int, steps: int) -> dict[str, float]:
    """Utilisation and env steps a second; `taken`: learner and seconds of each job, in its turn.

    With two workers each has a learner of its own. One worker has both, and is watched from the end of the first job of
    each.
    """
    if processes == 1:
        wall = moments[len(taken)] - moments[WARM]
        busy = sum(seconds for _, seconds in taken[WARM:])
        return {"utilisation": busy / wall, "steps_per_s": steps * (len(taken) - WARM) / wall}
    busy, there, speed = 0.0, 0.0, 0.0
    for learner in {name for name, _ in taken}:
        turns = [number for number, (name, _) in enumerate(taken, 1) if name == learner]
        wall = moments[turns[-1]] - moments[turns[0]]
        busy, there = busy + sum(taken[number - 1][1] for number in turns[1:]), there + wall
        speed += steps * (len(turns) - 1) / wall
    return {"utilisation": busy / there, "steps_per_s": speed}


def _taken(ledger: Ledger) -> list[tuple[str, float]]:
    """The learner and the seconds of every job, in the order in which they were taken."""
    query = "select lineage, seconds from orders join jobs on job = id where taken is not null order by place"
    with ledger.reads() as connection:
        return [(str(lineage), float(seconds)) for lineage, seconds in connection.exec_driver_sql(query)]


def strategies(steps: int, iterations: int) -> None:
    """Both workers' time in jobs, of the leagues in `SEVERAL`."""
    for name, (strategy, workers) in SEVERAL.items():
        text = STRATEGIES.format(strategy=strategy.format(steps=steps), workers=workers, iterations=iterations)
        jobs = watched(text)
        begun, over = sorted(end for _, end in jobs)[WARM - 1], max(start for start, _ in jobs)
        busy = sum(max(0.0, min(end, over) - max(start, begun)) for start, end in jobs)
        share = busy / (2 * (over - begun))
        inside = [end - start for start, end in jobs]
        print(f"{name:<16} utilisation {share:6.1%}  {len(jobs)} jobs of {sum(inside) / len(jobs):.1f} s", flush=True)


def watched(text: str) -> list[tuple[float, float]]:
    """When each job of a league began and ended, by the clock on the wall: seconds since something."""
    registry, ends = load_registry(), dict[int, float]()
    with TemporaryDirectory() as folder:
        scenario = Path(folder) / "scenario.yaml"
        scenario.write_text(text)
        config = load_scenario(str(scenario), [], registry).config
        with closing(Ledger.at(Path(folder))) as ledger, closing(Metrics(Path(folder) / "metrics.jsonl")) as metrics:
            manager = build(config, registry, ledger, Blobs(Path(folder) / "blobs"), metrics)
            heard = manager.jobs.log.ended

            def ended(item: JobItem) -> None:
                ends[item.number] = time.perf_counter()
                heard(item)

            manager.jobs.log.ended = ended  # type: ignore[method-assign]
            for _ in manager.run():
                pass
            query = "select number, seconds from orders join jobs on job = id where snapshot != ''"
            with ledger.reads() as connection:
                seconds = {int(number): float(one) for number, one in connection.exec_driver_sql(query)}
    return [(end - seconds[number], end) for number, end in ends.items()]


def long() -> None:
    """One league of some minutes on two workers, as a user has it: the start of workers weighs what it weighs then."""
    _, found = league(2, 100_000, 40)
    both = found["utilisation"], found["with_start"]
    report("pool_long", *both, both[1] / both[0], "share of the workers' time", **found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough answer in a minute")
    parser.add_argument("--long", action="store_true", help="nothing but one league of some minutes on two workers")
    parser.add_argument("--strategies", action="store_true", help="nothing but Pipeline-PSRO and an AlphaStar league")
    options = parser.parse_args()
    if options.strategies:
        strategies(20_000 if options.quick else 50_000, 12 if options.quick else 24)
        return
    if options.long:
        long()
        return
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

    def evaluate(processes: int) -> float:
        digest, found = evaluation(processes, steps, 4 if options.quick else 8)
        digests.add(digest)
        return found

    between = interleaved({"one worker": lambda: evaluate(1), "two workers": lambda: evaluate(2)}, rounds)
    assert len(digests) == 2, "the leagues differ"
    table(between, "iterations/s")
    busy = {
        f"{key} of {name}": medians({key: [one[key] for one in found[-rounds:]]})[key]
        for name, found in measured.items()
        for key in ("utilisation", "with_start", "start", "job")
    }
    middle = medians(results)
    better = ratio(results, "two workers", "one worker")
    detail = {**busy, "evaluation": ratio(between, "two workers", "one worker"), "steps": steps}
    report("pool", middle["two workers"], middle["one worker"], better, "env steps/s", **detail)


if __name__ == "__main__":
    main()
