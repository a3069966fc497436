"""What methods of learning rewards are worth: `dynamics` (REED) and `credit` (Hindsight PRIOR).

`dynamics`: 60 rooms, four doors each, that lead anywhere, and what a room is worth; who compares two walks is right.
Models are fitted to few comparisons, and asked about walks that nobody has judged: how often they agree with the judge.
Beside it, the same on the pendulum. `credit`: at one turn of a walk a light is on, and what is done there decides what
is seen at its end, and the judge's answer; all other turns are noise. How often models agree with the judge about other
walks, and how much of what they pay, in absolute value, is paid at that turn.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from _common import one_torch_thread, report

from marl import rng
from marl.arena import Mixtures, Record, Sampler
from marl.env import Environment, Frame, Lanes
from marl.games import OneAgent, one_agent_spec
from marl.policies.random import Random
from marl.registry import ENVIRONMENTS, REWARDS, load_registry
from marl.reward import Window
from marl.space import Box, Discrete
from marl.types import Array, ArrayTree, Bools, Floats
from marl_rewards.preferences.segments import cut

T95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
LENGTH = 8  # turns of a walk
UPDATES = 8


class Rooms(OneAgent):
    """Four doors a room, each leads to any other; the game pays what the next room is worth. One 1 among zeros."""

    worst = -3.0

    def __init__(self, lanes: int, seed: int = 0, rooms: int = 60) -> None:
        chance = np.random.Generator(np.random.Philox(key=seed))
        self.next, self.worth = chance.integers(0, rooms, (rooms, 4)), chance.uniform(-1, 1, rooms)
        super().__init__(one_agent_spec(Box((rooms,), 0, 1), Discrete(4), LENGTH, (-LENGTH, LENGTH)), lanes)

    def fields(self) -> dict[str, Any]:
        return {"room": np.int64(0)}

    def begin(self, lanes: Lanes) -> None:
        self.room[lanes] = self.seed[lanes] % np.uint64(len(self.worth))

    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools | bool]:
        self.room[lanes] = self.next[self.room[lanes], actions]
        return self.worth[self.room[lanes]], self.tick[lanes] == LENGTH - 1, False

    def observe(self, lanes: Lanes) -> ArrayTree:
        return np.eye(len(self.worth), dtype=np.float32)[self.room[lanes]]

    def render(self, lane: int) -> Frame:
        return Frame(f"room {self.room[lane]}")


class Light(OneAgent):
    """A light, ten numbers that mean nothing, and what a walk comes to, which is seen (and paid) at its end."""

    worst = -1.0

    def __init__(self, lanes: int) -> None:
        super().__init__(one_agent_spec(Box((12,), -9, 9), Discrete(2), LENGTH, (-1, 1)), lanes)

    def fields(self) -> dict[str, Any]:
        return {"lit": np.int64(0), "came": np.float64(0)}

    def begin(self, lanes: Lanes) -> None:
        self.lit[lanes] = rng.mix(self.seed[lanes], 1) % np.uint64(LENGTH)

    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools | bool]:
        now = self.tick[lanes] == self.lit[lanes]
        self.came[lanes] = np.where(now, 2.0 * actions - 1, self.came[lanes])
        last = self.tick[lanes] == LENGTH - 1
        return np.where(last, self.came[lanes], 0.0), last, False

    def observe(self, lanes: Lanes) -> ArrayTree:
        tick = self.tick[lanes]
        noise = np.stack([rng.normal(rng.mix(self.seed[lanes], 2 + tick), draw) for draw in range(10)], axis=1)
        told = [tick == self.lit[lanes], np.where(tick == LENGTH, self.came[lanes], 0.0)]
        return np.concatenate([np.stack(told, 1), noise], axis=1).astype(np.float32)

    def render(self, lane: int) -> Frame:
        return Frame(f"lit {self.tick[lane] == self.lit[lane]}, came to {self.came[lane]}")


def played(environment: Environment, seed: int, rows: int) -> Window:
    """What chance plays."""
    spec = environment.spec
    sampler = Sampler(environment, [Random(spec)], Mixtures(np.ones((1, 1)), seed), [0], record=Record(before=True))
    return Window(sampler.collect(rows)[0], spec, 0.99)


def agreement(reward: Any, window: Window, length: int) -> float:
    """How often a model and the judge (the game) agree about pairs of segments that nobody has judged."""
    segments = cut(window.rows, length)
    whole = segments.valid.all(axis=1)
    true = segments.total(window.rows.reward)[whole]
    said = segments.total(reward(window)["preferred"])[whole]
    half = len(true) // 2
    better, found = true[:half] - true[half : 2 * half], said[:half] - said[half : 2 * half]
    return float((better * found > 0)[better != 0].mean())


def fitted(name: str, params: Mapping[str, Any], window: Window, pairs: int, seed: int) -> Any:
    """A reward after some updates of the same walks, of which `pairs` pairs were judged at the first."""
    given = {"pairs": pairs, "most": pairs, **params}
    reward = load_registry().make(REWARDS, f"rewards/{name}", given, spec=window.spec)
    reward.reset(seed)
    samples = reward.samples(window)
    for update in range(UPDATES):
        reward.fit(samples, 1000 * seed + update)
    return reward


def interval(values: Sequence[float]) -> str:
    """Mean and 95 % interval (Student's t)."""
    if len(values) < 2:
        return f"{values[0]:.3f}"
    return (
        f"{statistics.fmean(values):.3f} +- {T95[len(values)] * statistics.stdev(values) / math.sqrt(len(values)):.3f}"
    )


WAYS = {
    "bradley_terry": ("bradley_terry", {}),
    "reed, no dynamics": ("reed", {"study": 0}),
    "reed, distillation": ("reed", {"objective": "distillation"}),
    "reed, contrastive": ("reed", {"objective": "contrastive"}),
}


def dynamics(seeds: Sequence[int], quick: bool) -> dict[str, float]:
    """How often models agree with the judge, by how few pairs were judged."""
    pendulum = lambda seed: load_registry().make(ENVIRONMENTS, "gymnasium/pendulum", {}, lanes=64)  # noqa: E731
    games: dict[str, tuple[Callable[[int], Environment], int]] = {
        "rooms": (lambda seed: Rooms(64, seed), LENGTH),
        "pendulum": (pendulum, 16),
    }
    means: dict[str, float] = {}
    for game, (make, length) in games.items():
        for pairs in (40,) if quick else (20, 50, 150):
            for label, (name, params) in WAYS.items():
                told = []
                for seed in seeds:
                    window, other = played(make(seed), seed, 2048), played(make(seed), seed + 1000, 4096)
                    reward = fitted(name, {"segment": length, **params}, window, pairs, seed)
                    told.append(agreement(reward, other, length))
                means[f"{game} {pairs} {label}"] = statistics.fmean(told)
                print(f"{game:9} {pairs:4} pairs  {label:18}  agrees {interval(told)}", flush=True)
    return means


def credit(seeds: Sequence[int], quick: bool) -> dict[str, float]:
    """How often models agree with the judge, and how much of what they pay is paid at the turn that decides."""
    ways = {
        "bradley_terry": ("bradley_terry", {}),
        "hindsight_prior, prior 0": ("hindsight_prior", {"prior": 0.0, "study": 0}),
        "hindsight_prior": ("hindsight_prior", {}),
    }
    means: dict[str, float] = {}
    for pairs in (20,) if quick else (10, 20, 50, 150):
        for label, (name, params) in ways.items():
            told, shares = [], []
            for seed in seeds:
                window, other = played(Light(64), seed, 2048), played(Light(64), seed + 1000, 4096)
                reward = fitted(name, {"segment": LENGTH, **params}, window, pairs, seed)
                told.append(agreement(reward, other, LENGTH))
                paid = np.abs(reward(other)["preferred"])
                shares.append(float(paid[other.rows.observation[:, 0] == 1].sum() / paid.sum()))
            means[f"{pairs} {label}"] = statistics.fmean(told)
            print(f"{pairs:4} pairs  {label:24}  agrees {interval(told)}  at the turn {interval(shares)}", flush=True)
    return means


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("dynamics", "credit"))
    parser.add_argument("--quick", action="store_true", help="a rough answer in a few seconds")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=40)
    given = parser.parse_args()
    one_torch_thread()
    seeds = list(range(given.first, given.first + (2 if given.quick else given.seeds)))
    means = {"dynamics": dynamics, "credit": credit}[given.what](seeds, given.quick)
    keys = list(means)
    report(given.what, means[keys[-1]], means[keys[0]], means[keys[-1]] / means[keys[0]], "agreement", **means)


if __name__ == "__main__":
    main()
