"""MPE simple_spread (N = 3) through marl-pettingzoo: environment steps per second, apart from any network.

Ours steps many lanes through the `Environment` interface and refills those that end, each with a seed of its own. The
peer is a plain loop over `mpe2`'s own Parallel environment, without seeds. `AEC` is a plain loop over its AEC
environment, and `engine` the world's physics, rewards and observations with nothing around them. All use actions drawn
beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import _common as bench
import numpy as np

from marl import rng
from marl.env import Environment
from marl.registry import load_registry

AGENTS, LENGTH, ACTIONS = 3, 25, 5
DRAWN = np.random.default_rng(0).integers(0, ACTIONS, size=(1000, AGENTS))


def adapter(env: Environment) -> Iterator[int]:
    """Yields the number of environment steps of each tick."""
    lanes = np.arange(env.lanes)
    env.reset(lanes, rng.mix(lanes))
    actions = np.resize(DRAWN, (1000, env.lanes * AGENTS))
    tick = 0
    while True:
        tick += 1
        step = env.step(lanes, [actions[tick % 1000]])
        over = lanes[step.done]
        if len(over):
            env.reset(over, rng.mix(tick, over))
        yield len(lanes)


def parallel() -> Iterator[int]:
    from mpe2 import simple_spread_v3

    env = simple_spread_v3.parallel_env()
    rows = [dict(zip(env.possible_agents, row, strict=True)) for row in DRAWN.tolist()]
    while True:
        env.reset()
        tick = 0
        while env.agents:
            tick += 1
            env.step(rows[tick])
            yield 1


def aec() -> Iterator[int]:
    from mpe2 import simple_spread_v3

    env = simple_spread_v3.env()
    rows = DRAWN.tolist()
    while True:
        env.reset()
        turn = 0
        for _ in env.agent_iter():
            _, _, terminated, truncated, _ = env.last()
            if terminated or truncated:
                env.step(None)
                continue
            env.step(rows[turn // AGENTS][turn % AGENTS])
            turn += 1
            if turn % AGENTS == 0:
                yield 1


def engine() -> Iterator[int]:
    from mpe2 import simple_spread_v3

    env = simple_spread_v3.raw_env()
    rows = DRAWN.tolist()
    while True:
        env.reset()
        for tick in range(LENGTH):
            env.current_actions = rows[tick]
            env._execute_world_step()
            for agent in env.possible_agents:
                env.observe(agent)
            yield 1


def rate(play: Iterator[int], seconds: float) -> Callable[[], float]:
    """A task that goes on playing for about `seconds` and returns environment steps per second."""

    def task() -> float:
        steps, began = 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds:
            steps += next(play)
        return steps / passed

    return task


def main() -> None:
    quick = bench.arguments(__doc__).quick
    seconds, rounds = (0.2, 5) if quick else (0.7, 15)
    registry = load_registry()

    def ours(lanes: int) -> Iterator[int]:
        return adapter(registry.make("environments", "pettingzoo/simple_spread", {}, lanes=lanes))

    plays = {
        "pettingzoo/simple_spread": ours(16),
        "mpe2 parallel_env": parallel(),
        "mpe2 env (AEC)": aec(),
        "engine": engine(),
        **{f"pettingzoo/simple_spread, {lanes} lanes": ours(lanes) for lanes in (1, 128)},
    }
    results = bench.interleaved({name: rate(play, seconds) for name, play in plays.items()}, rounds)
    bench.table(results, "steps/s")
    middle = bench.medians(results)
    better = bench.ratio(results, "pettingzoo/simple_spread", "mpe2 parallel_env")
    bench.report(
        "mpe_adapter",
        middle["pettingzoo/simple_spread"],
        middle["mpe2 parallel_env"],
        better,
        "steps/s",
        lanes=16,
        share_of_engine=bench.ratio(results, "pettingzoo/simple_spread", "engine"),
        rates=middle,
    )


if __name__ == "__main__":
    main()
