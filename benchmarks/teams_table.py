"""What algorithms for teams learn in cooperative games, by equal budgets of env steps: the table of docs/results.

Every cell is one training run: an environment, an algorithm and a seed, played greedily at its end over 512 matches,
the same for all. Each algorithm has one set of settings for all environments; they were chosen on seed 1, and seeds 20
to 22 were looked at once. A cell that was measured is kept as a line of a file, and skipped when the command is run
again, so it can be killed at any time, and environments or seeds can be added later:

    python benchmarks/teams_table.py                                  # measures what is missing, and prints the table
    python benchmarks/teams_table.py --only spread --methods VDN      # a part of it
    python benchmarks/teams_table.py --print                          # the table of what there is
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _common import one_torch_thread, report

CELLS = Path(__file__).parents[1] / "docs" / "results" / "teams_table.jsonl"
MATCHES = 512  # that a return is the mean of
SEEDS = (20, 21, 22)


@dataclass(frozen=True)
class Task:
    """An environment and its budget. `settings`: parameters that all algorithms are given there besides their own."""

    env: str
    env_steps: int
    params: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


PAID_ON_THE_WAY = {
    "reward": {
        "channels": {"shaped": {"name": "rewards/events", "worth": {"shaped": 1}, "whose": "agent"}},
        "weights": {"shaped": {"start": 1, "end": 0, "until": 0.5}},
    }
}
TASKS = {
    "spread": Task("coop/spread", 200_000),
    "skirmish 3m": Task("skirmish/cooperative", 150_000, {"map": "3m"}),
    "speaker_listener": Task("coop/speaker_listener", 200_000),
    "foraging 5x5-2p-1f": Task("classic/foraging", 200_000, {"size": 5, "foods": 1}),
    "foraging 8x8-2p-3f": Task("classic/foraging", 200_000),
    "foraging 10x10-3p-3f": Task("classic/foraging", 200_000, {"size": 10, "players": 3}),
    "overcooked cramped_room": Task("coop/overcooked", 200_000, {"steps": 100}, PAID_ON_THE_WAY),
    "warehouse tiny-2": Task("coop/warehouse", 200_000, {"steps": 100}),
}
LAYERS = {"hidden": [64, 64], "activation": "relu", "identity": True}
REPLAY: dict[str, Any] = {
    "lanes": 32,
    "rows": 2400,
    "steps_per_episode": 0.125,
    "lr": 0.003,
    "lr_end": 0.0,
    "discount": 0.95,
    "trace": 0.6,
    "target_rate": 0.05,
    "exploration": 0.3,
    "model": LAYERS,
}
FRESH: dict[str, Any] = {
    "rows": 4800,
    "minibatch": 8,
    "lr": 0.002,
    "lr_end": 0.0,
    "discount": 0.95,
    "exploration": 0.3,
    "model": {"kind": "values/normed", "params": {"hidden": [64, 64]}, "identity": True},
}
CLIPPED: dict[str, Any] = {"rows": 9600, "minibatch": 32, "lr": 0.001, "lr_end": 0.0, "discount": 0.95, "model": LAYERS}
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "IQL": ("values/iql", REPLAY),
    "VDN": ("values/vdn", REPLAY),
    "QMIX": ("values/qmix", REPLAY),
    "QPLEX": ("values/qplex", REPLAY),
    "PQN-VDN": ("values/pqn_vdn", FRESH),
    "IPPO": ("ctde/ippo", CLIPPED),
    "MAPPO": ("ctde/mappo", CLIPPED),
}
RANDOM = "random play"


@dataclass(frozen=True)
class Cell:
    """A measurement: the mean return of greedy play, and of actions as they are drawn; CPU seconds of training."""

    task: str
    method: str
    seed: int
    env_steps: int
    greedy: float
    drawn: float
    seconds: float


def measured(path: Path) -> list[Cell]:
    """What the file holds; a last line that was cut off by a kill is not there."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [Cell(**json.loads(line)) for line in lines if line.endswith("\n")]


def measure(game: Task, name: str, params: Mapping[str, Any], seed: int, env_steps: int) -> tuple[float, float, float]:
    """Train an algorithm from a seed and play: the return of greedy play, that of its actions as drawn, CPU seconds."""
    from marl.job import Job
    from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry
    from marl.training.networks import restore
    from marl.training.networks.policy import NetworkParams

    registry = load_registry()

    class Services:
        spec = registry.make(ENVIRONMENTS, game.env, dict(game.params), lanes=1).spec

        def environment(self, lanes: int) -> Any:
            return registry.make(ENVIRONMENTS, game.env, dict(game.params), lanes=lanes)

        def log(self, step: int, **values: float) -> None:
            pass

        def warn(self, message: str) -> None:
            pass

    services: Any = Services()
    algorithm = registry.make(ALGORITHMS, name, {**params, **game.settings, "env_steps": env_steps})
    importlib.import_module("torch._dynamo")  # Adam asks for it the first time: seconds that are no training
    before = time.process_time()
    trained = algorithm.train(Job(name, 0, ((),), seed), services)
    seconds = time.process_time() - before
    ways = [restore(services.spec, trained.snapshot, NetworkParams(greedy=greedy)) for greedy in (True, False)]
    greedy, drawn = (played(game, policy) for policy in ways)
    return greedy, drawn, round(seconds, 1)


def played(game: Task, policy: Any = None) -> float:
    """What a policy returns over the matches that all are measured by; random play by default."""
    from marl.arena import Arena, Pairings
    from marl.policies.random import Random
    from marl.registry import ENVIRONMENTS, load_registry

    env = load_registry().make(ENVIRONMENTS, game.env, dict(game.params), lanes=128)
    returns = Arena(env).play([policy or Random(env.spec)], Pairings.repeat([[0]], MATCHES, seed=1)).returns
    return float(returns[:, 0].mean())


def cell_of(task: str, method: str, seed: int, env_steps: int) -> Cell:
    """A cell of the table, measured."""
    if method == RANDOM:
        drawn = played(TASKS[task])
        return Cell(task, method, seed, 0, drawn, drawn, 0.0)
    return Cell(task, method, seed, env_steps, *measure(TASKS[task], *METHODS[method], seed, env_steps))


def wanted(tasks: list[str], methods: list[str], seeds: list[int], quick: bool) -> Iterator[tuple[str, str, int, int]]:
    """The cells, task by task and seed by seed."""
    for task in tasks:
        env_steps = 5_000 if quick else TASKS[task].env_steps
        yield task, RANDOM, 0, 0
        for seed in seeds:
            for method in methods:
                yield task, method, seed, env_steps


def fill(path: Path, cells: Iterator[tuple[str, str, int, int]]) -> None:
    """Measure what the file does not hold yet, and add a line for each."""
    known = {(cell.task, cell.method, cell.seed, cell.env_steps) for cell in measured(path)}
    for key in cells:
        if key in known:
            continue
        cell = cell_of(*key)
        with path.open("a") as file:
            file.write(json.dumps(vars(cell)) + "\n")
        print(cell, flush=True)


def compared(cells: list[Cell]) -> Any:
    """The statistics of `marl compare`. Budgets differ by task, so each run counts as measured once, at its end."""
    from marl.training.compare import statistics
    from marl.training.compare.runs import Measured

    runs = [Measured(CELLS, cell.method, cell.task, cell.seed, ((1, cell.greedy),)) for cell in cells]
    several = len({cell.task for cell in cells}) > 1
    return statistics.compared(statistics.tabled(runs, several))


def of_task(task: str, cells: list[Cell]) -> Iterator[str]:
    """A task's table: interquartile means and intervals, returns by seed, speed."""
    from marl.training.compare.table import said
    from marl.words import number

    learned = [cell for cell in cells if cell.method != RANDOM]
    means = compared(learned).aggregates["interquartile mean"]
    yield f"### {task}, {learned[0].env_steps:,} env steps\n"
    yield "| | interquartile mean (95 %) | by seed, greedily | as it plays, mean | env steps per CPU second |"
    yield "|---|---|---|---|---|"
    for method in METHODS:
        if found := [cell for cell in learned if cell.method == method]:
            seeds = ", ".join(number(cell.greedy) for cell in sorted(found, key=lambda cell: cell.seed))
            drawn = number(sum(cell.drawn for cell in found) / len(found))
            speed = sum(cell.env_steps for cell in found) / sum(cell.seconds for cell in found)
            mean = said(means[method]) if len(found) > 1 else number(means[method].value)
            yield f"| {method} | {mean} | {seeds} | {drawn} | {speed:,.0f} |"
    for cell in cells:
        if cell.method == RANDOM:
            yield f"| {RANDOM} | {number(cell.drawn)} | | | |"
    yield ""


def tables(cells: list[Cell]) -> Iterator[str]:
    """All tables, as Markdown: those of tasks, and over the tasks on which every method has as many seeds."""
    from marl.training.compare.table import said

    whole = []
    for task in TASKS:
        here = [cell for cell in cells if cell.task == task]
        counts = [sum(cell.method == method for cell in here) for method in METHODS]
        if max(counts, default=0):
            yield from of_task(task, here)
        if min(counts) >= len(SEEDS):
            whole += [cell for cell in here if cell.method != RANDOM]
    if len({cell.task for cell in whole}) > 1:
        found = compared(whole).aggregates["interquartile mean"]
        yield "### Over these environments\n"
        names = ", ".join(dict.fromkeys(cell.task for cell in whole))
        yield f"Of {names}: the worst run of all on a task is 0, the best 1.\n"
        yield "| | interquartile mean (95 %) |\n|---|---|"
        for method in sorted(found, key=lambda name: -found[name].value):
            yield f"| {method} | {said(found[method])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, 5,000 env steps, nothing kept")
    parser.add_argument("--only", nargs="+", choices=TASKS, default=list(TASKS), help="these environments alone")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), help="these algorithms alone")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--cells", type=Path, default=CELLS, help="the file of what was measured")
    parser.add_argument("--print", action="store_true", help="measure nothing")
    options = parser.parse_args()
    one_torch_thread()
    path = options.cells
    if options.quick:
        path = Path("/dev/shm" if Path("/dev/shm").exists() else ".") / f"teams_table_{time.time_ns()}.jsonl"
    if not options.print:
        seeds = options.seeds[:1] if options.quick else options.seeds
        fill(path, wanted(options.only, options.methods, seeds, options.quick))
    cells = measured(path)
    print("\n".join(tables(cells)))
    best = max((cell for cell in cells if cell.task == options.only[0]), key=lambda cell: cell.greedy)
    chance = next(cell.drawn for cell in cells if cell.task == options.only[0] and cell.method == RANDOM)
    report("teams_table", best.greedy, chance, best.greedy - chance, "return", task=options.only[0], cells=len(cells))


if __name__ == "__main__":
    main()
