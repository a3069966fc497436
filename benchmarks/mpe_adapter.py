"""MPE simple_spread (N = 3), through marl-pettingzoo and as `coop/spread`: env steps per second of CPU time.

Ours steps many lanes through the `Environment` interface and refills those that end, each with a seed of its own. The
peer is a plain loop over `mpe2`'s own Parallel environment, without seeds. `AEC` is a plain loop over its AEC
environment, and `engine` the world's physics, rewards and observations with nothing around them. All use actions drawn
beforehand. `coop/spread` is the same game as arrays.

With a network: the arena plays a 128x128 policy on 16 lanes. What it could reach is the environment's own speed, one
step after the other, plus the network alone on batches of the arena's size.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import _common as bench
import numpy as np

from marl import rng
from marl.arena import Mixtures
from marl.arena.play import Play
from marl.env import Environment
from marl.registry import ENVIRONMENTS, load_registry
from marl.training.networks import ModelConfig, NetworkPolicy, networks, restore

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


def policy(env: Environment) -> NetworkPolicy:
    return restore(env.spec, NetworkPolicy(env.spec, networks(env.spec, ModelConfig(hidden=[128, 128]))).snapshot())


def arena(env: Environment) -> Iterator[int]:
    """Whole ticks: the policy asked, the environment stepped, returns kept."""
    play = Play(env, [policy(env)], Mixtures(np.ones((len(env.spec.sides), 1)), seed=1))
    while True:
        play.tick()
        yield env.lanes


def network(env: Environment) -> Iterator[int]:
    """The policy alone, asked for all agents of all lanes again and again."""
    (rows,) = env.reset(np.arange(env.lanes), rng.mix(np.arange(env.lanes)))
    asked, keys = policy(env), rng.mix(5, np.arange(len(rows)))
    while True:
        asked.act(rows, None, keys)
        yield env.lanes


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
    """A task that goes on playing for about `seconds` and returns environment steps per second of CPU time."""

    def task() -> float:
        steps, began = 0, time.process_time()
        while (passed := time.process_time() - began) < seconds:
            steps += next(play)
        return steps / passed

    return task


def sum_of(results: dict[str, list[float]], raw: str) -> float:
    """The arena's rate with a network, as a share of the raw environment and the network one after the other."""
    rounds = zip(results["arena with a network"], results[raw], results["network alone"], strict=True)
    return statistics.median(whole * (1 / apart + 1 / asked) for whole, apart, asked in rounds)


def main() -> None:
    quick = bench.arguments(__doc__).quick
    seconds, rounds = (0.2, 5) if quick else (0.7, 15)
    registry = load_registry()

    def make(lanes: int, name: str = "pettingzoo/simple_spread") -> Environment:
        return registry.make(ENVIRONMENTS, name, {}, lanes=lanes)

    def ours(lanes: int) -> Iterator[int]:
        return adapter(make(lanes))

    plays = {
        "pettingzoo/simple_spread": ours(16),
        "mpe2 parallel_env": parallel(),
        "mpe2 env (AEC)": aec(),
        "engine": engine(),
        "arena with a network": arena(make(16)),
        "network alone": network(make(16)),
        **{f"pettingzoo/simple_spread, {lanes} lanes": ours(lanes) for lanes in (1, 128)},
        **{f"coop/spread, {lanes} lanes": adapter(make(lanes, "coop/spread")) for lanes in (1, 16, 128, 1024)},
    }
    results = bench.interleaved({name: rate(play, seconds) for name, play in plays.items()}, rounds)
    bench.table(results, "steps/s")
    middle = bench.medians(results)
    together = {raw: sum_of(results, raw) for raw in ("mpe2 parallel_env", "engine")}
    better = bench.ratio(results, "pettingzoo/simple_spread", "mpe2 parallel_env")
    bench.report(
        "mpe_adapter",
        middle["pettingzoo/simple_spread"],
        middle["mpe2 parallel_env"],
        better,
        "steps/s",
        lanes=16,
        share_of_engine=bench.ratio(results, "pettingzoo/simple_spread", "engine"),
        with_network_of_raw_and_network=together,
        rates=middle,
    )


if __name__ == "__main__":
    main()
