"""Raw speed of carball with random actions: env steps (ticks of a match) a second, on one core and on two.

A step has everything that a learner gets: rows of all cars, rewards, columns, endings and new matches; drawing the
random actions counts too. On two cores, two processes play matches of their own, and the rates are added up. Time is
that of each process (of the processor, not the wall), so that others on the machine disturb it less.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable

import _common as bench
import numpy as np

from marl import rng, space
from marl.env import join_turns
from marl.registry import ENVIRONMENTS, load_registry

TARGET = 200_000
RUNS: dict[str, tuple[str, dict[str, object], int]] = {
    "1v1": ("carball/two_team", {}, 1024),
    "1v1, 4,096 lanes": ("carball/two_team", {}, 4096),
    "1v1, continuous": ("carball/two_team", {"control": "continuous"}, 1024),
    "1v1 against the striker": ("carball/cooperative", {"opponent": "striker"}, 1024),
    "2v2": ("carball/two_team", {"team": 2}, 1024),
    "3v3": ("carball/two_team", {"team": 3}, 1024),
}


def played(name: str, params: dict[str, object], lanes: int, seconds: float) -> float:
    """Steps a second of random play, over about `seconds`."""
    env = load_registry().make(ENVIRONMENTS, name, params, lanes=lanes)
    (group,) = env.spec.groups
    order = np.arange(lanes)
    turn = env.reset(order, rng.mix(0, order))
    steps, tick, began = 0, 0, time.process_time()
    while (passed := time.process_time() - began) < seconds:
        (rows,) = turn
        assert rows is not None
        step = env.step(order, [space.sample(group.action, rng.mix(rows.lane, rows.agent, tick))])
        steps, tick, turn = steps + lanes, tick + 1, step.turn
        if step.done.any():  # as the arena does: those that go on, then those that begin
            over = order[step.done]
            begun = env.reset(over, rng.mix(tick, over))
            order, turn = np.concatenate([order[~step.done], over]), join_turns([turn, begun])
    return steps / passed


def _process(name: str, params: dict[str, object], lanes: int, seconds: float, cores: int) -> list[float]:
    """The rate of each of as many processes as there are cores to use, all at once."""
    with multiprocessing.get_context("fork").Pool(cores) as pool:
        return pool.starmap(played, [(name, params, lanes, seconds)] * cores)


def measure(run: str, cores: int, seconds: float) -> Callable[[], float]:
    """Steps a second of all `cores` together."""
    name, params, lanes = RUNS[run]
    return lambda: sum(_process(name, params, lanes, seconds, cores))


def main() -> None:
    quick = bench.arguments(__doc__).quick
    seconds, rounds = (0.2, 1) if quick else (1.0, 3)
    many = min(2, os.cpu_count() or 1)
    tasks = {
        f"{run}, {cores} core{'s' * (cores > 1)}": measure(run, cores, seconds)
        for run in RUNS
        for cores in sorted({1, many})
    }
    results = bench.interleaved(tasks, rounds)
    bench.table(results, "env steps/s")
    middle = bench.medians(results)
    ours = middle[f"1v1, {many} core{'s' * (many > 1)}"]
    bench.report("carball", ours, TARGET, ours / TARGET, "env steps/s", rates=middle)


if __name__ == "__main__":
    main()
