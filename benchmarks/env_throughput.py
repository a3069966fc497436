"""Random play of Connect Four, with an observation tensor and a legal mask for every state: states per second.

Ours plays through the `Environment` interface: lanes are refilled by `reset` as they end, actions come from
`marl.space.sample`. The peer is a plain Python loop over OpenSpiel that makes the same arrays; `OpenSpiel buffered` is
the fastest loop we know (its C++ writes into a numpy buffer). `copy limit` only writes the arrays, and knows no rules.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import _common as bench
import numpy as np
import pyspiel
from open_spiel.python.observation import make_observation

from marl import rng
from marl.env import Environment
from marl.registry import ENVIRONMENTS, load_registry
from marl.space import sample

LANES, ADAPTER_LANES = 4096, 256
OTHERS = ("classic/tic_tac_toe", "classic/kuhn_poker", "classic/leduc_poker", "classic/rock_paper_scissors")


def environment(env: Environment, seconds: float) -> Callable[[], float]:
    """A task that plays `env` at random, refilling its lanes, and returns states per second."""
    play = random_play(env)
    return lambda: rate(play, seconds)


def random_play(env: Environment) -> Iterator[int]:
    """Yields the number of states that each tick went through."""
    groups = [group.action for group in env.spec.groups]
    lanes = np.arange(env.lanes)
    turns = [env.reset(lanes, rng.mix(lanes))]
    for tick in count(1):
        actions: list[Any] = []
        for index, space in enumerate(groups):
            parts = [rows for turn in turns if (rows := turn[index]) is not None]
            drawn = [sample(space, rng.mix(tick, rows.lane, rows.agent), rows.mask) for rows in parts]
            actions.append(np.concatenate(drawn) if drawn else None)
        step = env.step(lanes, actions)
        yield len(lanes)
        over = lanes[step.done]
        lanes, turns = lanes[~step.done], [step.turn]
        if len(over):
            turns.append(env.reset(over, rng.mix(tick, over)))
            lanes = np.concatenate([lanes, over])


def plain_loop(name: str, seconds: float) -> Callable[[], float]:
    """OpenSpiel as its tutorials use it."""

    def play() -> Iterator[int]:
        game = pyspiel.load_game(name)
        while True:
            state, states = game.new_initial_state(), 0
            while not state.is_terminal():
                np.array(state.observation_tensor(), np.float32)
                np.array(state.legal_actions_mask(), np.bool_)
                legal = state.legal_actions()
                state.apply_action(legal[int(random.random() * len(legal))])
                states += 1
            yield states

    return lambda: rate(play(), seconds)


def buffered_loop(name: str, seconds: float) -> Callable[[], float]:
    """OpenSpiel with its observer class, which fills a numpy array in C++."""

    def play() -> Iterator[int]:
        game = pyspiel.load_game(name)
        observer = make_observation(game)
        while True:
            state, states = game.new_initial_state(), 0
            while not state.is_terminal():
                observer.set_from(state, state.current_player())
                observer.tensor.copy()
                np.array(state.legal_actions_mask(), np.bool_)
                legal = state.legal_actions()
                state.apply_action(legal[int(random.random() * len(legal))])
                states += 1
            yield states

    return lambda: rate(play(), seconds)


def copy_limit(seconds: float) -> Callable[[], float]:
    """Fresh arrays for every state, gathered by lane, and nothing else."""
    planes, masks = np.ones((LANES, 126), np.float32), np.ones((LANES, 7), np.bool_)
    lanes = np.random.default_rng(0).permutation(LANES)

    def play() -> Iterator[int]:
        while True:
            kept = planes.take(lanes, axis=0), masks.take(lanes, axis=0)
            yield len(kept[0])

    return lambda: rate(play(), seconds)


def rate(play: Iterator[int], seconds: float) -> float:
    """How many states a second `play` yields, over about `seconds`."""
    states, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        states += next(play)
    return states / passed


def main() -> None:
    quick = bench.arguments(__doc__).quick
    seconds, rounds = (0.08, 3) if quick else (0.5, 9)
    registry = load_registry()

    def named(name: str, lanes: int) -> Callable[[], float]:
        return environment(registry.make(ENVIRONMENTS, name, {}, lanes=lanes), seconds)

    tasks = {
        "classic/connect_four": named("classic/connect_four", LANES),
        "OpenSpiel plain": plain_loop("connect_four", seconds),
        "OpenSpiel buffered": buffered_loop("connect_four", seconds),
        "openspiel/connect_four": named("openspiel/connect_four", ADAPTER_LANES),
        "copy limit": copy_limit(seconds),
        **{f"classic/connect_four, {n} lanes": named("classic/connect_four", n) for n in (1, 64, 1024)},
        **{name: named(name, LANES) for name in OTHERS},
    }
    results = bench.interleaved(tasks, rounds)
    bench.table(results, "states/s")
    middle = bench.medians(results)
    ours, peer = middle["classic/connect_four"], middle["OpenSpiel plain"]
    adapter = bench.ratio(results, "OpenSpiel plain", "openspiel/connect_four")
    bench.report(
        "env_throughput",
        ours,
        peer,
        bench.ratio(results, "classic/connect_four", "OpenSpiel plain"),
        "states/s",
        lanes=LANES,
        adapter_lanes=ADAPTER_LANES,
        ratio_to_buffered_openspiel=bench.ratio(results, "classic/connect_four", "OpenSpiel buffered"),
        share_of_copy_limit=bench.ratio(results, "classic/connect_four", "copy limit"),
        adapter_is_slower_than_plain_by=adapter,
        rates=middle,
    )


if __name__ == "__main__":
    main()
