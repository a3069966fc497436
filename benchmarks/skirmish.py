"""Raw speed of skirmish/cooperative with random legal actions: env steps (ticks of a match) a second, on one core.

A step has everything that a learner gets: rows of all agents with masks, rewards, endings and new matches; drawing the
random actions counts too. The peer is SMAX of JaxMARL on one core of a CPU, as measured
with its own random policy: 40,000 to 54,000 steps a second on 3m.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import _common as bench
import numpy as np

from marl import rng, space
from marl.env import Environment, join_turns
from marl.registry import ENVIRONMENTS, load_registry

PEER = 54_000
RUNS = [
    *(("3m", lanes, "nearest") for lanes in (1024, 2048, 4096)),
    ("3m", 2048, "idle"),
    ("3m", 2048, "kite"),
    ("8m", 1024, "nearest"),
    ("2s3z", 1024, "nearest"),
    ("MMM2", 512, "nearest"),
    ("10gen_protoss", 512, "nearest"),
    ("27m_vs_30m", 256, "nearest"),
]


def played(env: Environment, seconds: float) -> Callable[[], float]:
    """Steps a second of random play, over about `seconds`."""
    (group,) = env.spec.groups
    lanes = np.arange(env.lanes)
    turn = env.reset(lanes, rng.mix(0, lanes))
    tick = 0

    def measure() -> float:
        nonlocal lanes, turn, tick
        steps, began = 0, time.process_time()
        while (passed := time.process_time() - began) < seconds:
            (rows,) = turn
            step = env.step(lanes, [space.sample(group.action, rng.mix(rows.lane, rows.agent, tick), rows.mask)])
            steps, tick = steps + len(lanes), tick + 1
            turn = step.turn
            if step.done.any():  # as the arena does: those that go on, then those that begin
                over = lanes[step.done]
                begun = env.reset(over, rng.mix(tick, over))
                lanes, turn = np.concatenate([lanes[~step.done], over]), join_turns([turn, begun])
        return steps / passed

    return measure


def main() -> None:
    quick = bench.arguments(__doc__).quick
    seconds, rounds = (0.1, 1) if quick else (0.5, 3)
    registry = load_registry()
    tasks = {}
    for name, lanes, opponent in RUNS:
        env = registry.make(ENVIRONMENTS, "skirmish/cooperative", {"map": name, "opponent": opponent}, lanes=lanes)
        tasks[f"{name}, {lanes} lanes, {opponent}"] = played(env, seconds)
    results = bench.interleaved(tasks, rounds)
    bench.table(results, "env steps/s")
    middle = bench.medians(results)
    ours = middle["3m, 2048 lanes, nearest"]
    bench.report("skirmish", ours, PEER, ours / PEER, "env steps/s", rates=middle)


if __name__ == "__main__":
    main()
