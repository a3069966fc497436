"""What methods of rewards are worth: `dynamics` (REED), `credit` (Hindsight PRIOR), `critics` (one for each channel)
and `noise` (of parameters).

`dynamics`: twelve rooms of sixteen doors, which lead anywhere, and what a room is worth; who compares walks is right.
Models are fitted to few comparisons, and asked about walks that nobody has judged: how often they agree with the judge.
Beside it, the same on the pendulum. `credit`: at one turn of a walk a light is on, and what is done there decides what
is seen at its end, and the judge's answer; nothing else counts. How often models agree with the judge about other
walks, and how much of what they pay, in absolute value, is paid at that turn. `critics`: what is saved costs now and
pays at the end, and beside it is a guess that a noisy channel pays at once; PPO with one critic and with one for each
channel. `noise`: a chain on which nobody gets far by chance, by deep Q-learning with epsilon-greedy exploration and
with parameter noise: the mean return of the last fifth of the updates.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from _common import one_torch_thread, report

from marl import rng
from marl.arena import Mixtures, Record, Sampler
from marl.env import Environment, Frame, Lanes
from marl.games import OneAgent, one_agent_spec
from marl.job import Job
from marl.policies.random import Random
from marl.registry import ALGORITHMS, ENVIRONMENTS, REWARDS, load_registry
from marl.reward import Window
from marl.space import Box, Discrete
from marl.types import Array, ArrayTree, Bools, Floats
from marl_rewards.preferences.segments import cut

T95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
LENGTH = 8  # turns of a walk
UPDATES = 8


class Rooms(OneAgent):
    """Twelve rooms of sixteen doors, each leads anywhere; the game pays what the next room is worth."""

    worst = -3.0

    def __init__(self, lanes: int, seed: int = 0, rooms: int = 12, doors: int = 16) -> None:
        chance = np.random.Generator(np.random.Philox(key=seed))
        self.next, self.worth = chance.integers(0, rooms, (rooms, doors)), chance.uniform(-1, 1, rooms)
        super().__init__(one_agent_spec(Box((rooms,), 0, 1), Discrete(doors), LENGTH, (-LENGTH, LENGTH)), lanes)

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
    """A light, four numbers that tell walks apart, and what a walk comes to, which is seen (and paid) at its end."""

    worst = -1.0

    def __init__(self, lanes: int) -> None:
        super().__init__(one_agent_spec(Box((6,), -9, 9), Discrete(2), LENGTH, (-1, 1)), lanes)

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
        noise = np.stack([rng.normal(rng.mix(self.seed[lanes], 2), draw) for draw in range(4)], axis=1)
        told = [tick == self.lit[lanes], np.where(tick == LENGTH, self.came[lanes], 0.0)]
        return np.concatenate([np.stack(told, 1), noise], axis=1).astype(np.float32)

    def render(self, lane: int) -> Frame:
        return Frame(f"lit {self.tick[lane] == self.lit[lane]}, came to {self.came[lane]}")


class Savings(OneAgent):
    """Forty ticks. A bit is shown and guessed, and 0.1 is saved, or not; savings are paid back threefold at the end."""

    worst = -1.0

    def __init__(self, lanes: int) -> None:
        spec = one_agent_spec(Box((2,), 0, 1), Discrete(4), 40, (-4, 12))
        info = {"guess": "1 where the bit was guessed, else -1, and a lot of chance"}
        super().__init__(replace(spec, info=info), lanes)

    def fields(self) -> dict[str, Any]:
        return {"saved": np.int64(0), "guess": np.float64(0)}

    def begin(self, lanes: Lanes) -> None:
        """All begin alike."""

    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools | bool]:
        saves, right = actions % 2, actions // 2 == self.bit(lanes)
        chance = rng.normal(rng.mix(self.seed[lanes], self.tick[lanes], 7))
        self.guess[lanes] = np.where(right, 1.0, -1.0) + 4.0 * chance
        self.saved[lanes] += saves
        last = self.tick[lanes] == 39
        return np.where(last, 0.3 * self.saved[lanes], 0.0) - 0.1 * saves, last, False

    def bit(self, lanes: Lanes) -> Array:
        return (rng.mix(self.seed[lanes], self.tick[lanes]) % np.uint64(2)).astype(np.int64)

    def observe(self, lanes: Lanes) -> ArrayTree:
        return np.stack([self.bit(lanes), self.tick[lanes] / 40], axis=1).astype(np.float32)

    def columns(self, lanes: Lanes, fair: Bools) -> dict[str, Array]:
        return {"guess": self.guess[lanes]}

    def render(self, lane: int) -> Frame:
        return Frame(f"saved {self.saved[lane]}")


class Chain(OneAgent):
    """Cells in a row, from the second to the last, which pays 1 a tick; the first pays 0.001. Source: Osband et al.,
    "Deep exploration via bootstrapped DQN", NeurIPS 2016 (what is seen: a 1 for each cell up to one's own)."""

    worst = 0.0

    def __init__(self, lanes: int, size: int = 20) -> None:
        self.size = size
        super().__init__(one_agent_spec(Box((size,), 0, 1), Discrete(2), size + 9, (0, 10)), lanes)

    def fields(self) -> dict[str, Any]:
        return {"cell": np.int64(1)}

    def begin(self, lanes: Lanes) -> None:
        """All begin at the second cell."""

    def play(self, lanes: Lanes, actions: Array) -> tuple[Floats, Bools, Bools | bool]:
        cell = self.cell[lanes]
        paid = np.where((cell == 0) & (actions == 0), 0.001, 0.0) + ((cell == self.size - 1) & (actions == 1))
        self.cell[lanes] = np.clip(cell + np.where(actions == 1, 1, -1), 0, self.size - 1)
        return paid, self.tick[lanes] == self.size + 8, False

    def observe(self, lanes: Lanes) -> ArrayTree:
        return (np.arange(self.size) <= self.cell[lanes, None]).astype(np.float32)

    def render(self, lane: int) -> Frame:
        return Frame(f"cell {self.cell[lane]}")


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
    "reed, no dynamics": ("reed", {"study": 0}),
    "bradley_terry": ("bradley_terry", {}),
    "reed, distillation": ("reed", {"study": 100, "objective": "distillation"}),
    "reed, contrastive": ("reed", {"study": 100, "objective": "contrastive"}),
}


def dynamics(seeds: Sequence[int], quick: bool) -> dict[str, float]:
    """How often models agree with the judge, by how few pairs were judged."""
    pendulum = lambda seed: load_registry().make(ENVIRONMENTS, "gymnasium/pendulum", {}, lanes=64)  # noqa: E731
    games: dict[str, tuple[Callable[[int], Environment], int, tuple[int, ...]]] = {
        "rooms": (lambda seed: Rooms(64, seed), LENGTH, (40,)),
        "pendulum": (pendulum, 16, (20,)),
    }
    means, without = dict[str, float](), list[float]()
    for game, (make, length, counts) in games.items():
        for pairs in counts[:1] if quick else counts:
            for label, (name, params) in WAYS.items():
                told = []
                for seed in seeds:
                    window, other = played(make(seed), seed, 4096), played(make(seed), seed + 1000, 4096)
                    reward = fitted(name, {"segment": length, "steps": 20, **params}, window, pairs, seed)
                    told.append(agreement(reward, other, length))
                means[f"{game} {pairs} {label}"] = statistics.fmean(told)
                without = told if label == "reed, no dynamics" else without
                more = [one - other for one, other in zip(told, without, strict=True)]
                line = f"agrees {interval(told)}  more than without dynamics {interval(more)}"
                print(f"{game:9} {pairs:4} pairs  {label:18}  {line}", flush=True)
    return means


def credit(seeds: Sequence[int], quick: bool) -> dict[str, float]:
    """How often models agree with the judge, and how much of what they pay is paid at the turn that decides."""
    ways = {
        "bradley_terry": ("bradley_terry", {"lr": 3e-3}),
        "hindsight_prior": ("hindsight_prior", {"study": 200, "lr": 3e-3}),
    }
    means: dict[str, float] = {}
    for pairs in (20,) if quick else (10, 30):
        for label, (name, params) in ways.items():
            told, shares = [], []
            for seed in seeds:
                window, other = played(Light(64), seed, 8192), played(Light(64), seed + 1000, 4096)
                reward = fitted(name, {"segment": LENGTH, **params}, window, pairs, seed)
                told.append(agreement(reward, other, LENGTH))
                paid = np.abs(reward(other)["preferred"])
                shares.append(float(paid[other.rows.observation[:, 0] == 1].sum() / paid.sum()))
            means[f"{pairs} {label}"] = statistics.fmean(told)
            print(f"{pairs:4} pairs  {label:24}  agrees {interval(told)}  at the turn {interval(shares)}", flush=True)
    return means


def trained(algorithm: str, make: Any, params: dict[str, Any], seed: int, env_steps: int) -> list[dict[str, float]]:
    """What the updates of a run logged."""
    told: list[dict[str, float]] = []
    services: Any = SimpleNamespace(
        spec=make(1).spec, environment=make, warn=print, log=lambda _, **values: told.append(values)
    )
    job = Job(algorithm, 0, ((),), seed=seed, budget={"env_steps": env_steps}, params=params)
    load_registry().make(ALGORITHMS, algorithm, params).train(job, services)
    return told


def late(told: Sequence[Mapping[str, float]], key: str) -> float:
    """The mean of a number over the last fifth of the updates."""
    return statistics.fmean(one[key] for one in told[-(len(told) // 5) :] if key in one)


def critics(seeds: Sequence[int], quick: bool) -> dict[str, float]:
    """What is saved (8 at most) and what is guessed (1 at most), over the last fifth of the updates."""
    noisy = {"channels": {"guess": {"name": "rewards/value", "of": "info.guess"}}, "weights": {"guess": 0.2}}
    ways = {
        "one critic, discount 1": {"discount": 1.0},
        "one critic, discount 0.5": {"discount": 0.5},
        "a critic each, discount 1": {"discount": 1.0, "critics": "per_channel"},
        "a critic each, guess at 0": {"discount": 1.0, "critics": "per_channel", "discounts": {"guess": 0.0}},
    }
    shape = {"lanes": 16, "rows": 640, "minibatch": 160, "trace": 1.0, "entropy": 0.0, "lr": 1e-3}
    shape |= {"model": {"hidden": [32], "normalise_returns": True}, "reward": noisy}
    means: dict[str, float] = {}
    for label, way in ways.items():
        told = [trained("rllib/ppo", Savings, {**shape, **way}, seed, 2_560 if quick else 24_320) for seed in seeds]
        saved = [late(one, "return") for one in told]
        guessed = [late(one, "reward.guess") for one in told]
        means[label] = statistics.fmean(0.2 * guess * 40 + save for save, guess in zip(saved, guessed, strict=True))
        line = f"saved {interval(saved)}  guessed {interval(guessed)}  paid a match {means[label]:.2f}"
        print(f"{label:26} {line}", flush=True)
    return means


def noise(seeds: Sequence[int], quick: bool) -> dict[str, float]:
    """The mean return over the last fifth of the updates: 10 is all that there is."""
    shape = {"lanes": 8, "discount": 0.99, "lr": 1e-3, "model": {"hidden": [64], "activation": "relu"}, "updates": 8}
    shape |= {"epsilon": 0.5, "epsilon_end": 0.05, "exploration": 0.5, "learning_starts": 256}
    means: dict[str, float] = {}
    for size in (10,) if quick else (20, 40):
        for label in ("epsilon_greedy", "parameter_noise"):
            scores = []
            for seed in seeds:
                given = {**shape, "explore": label, **({"noise_rate": 1.05} if label == "parameter_noise" else {})}
                told = trained("rllib/dqn", partial(Chain, size=size), given, seed, 2_000 if quick else 10_000)
                scores.append(late(told, "return"))
            means[f"{size} {label}"] = statistics.fmean(scores)
            found = sum(score > 1 for score in scores)
            each = " ".join(f"{score:.2f}" for score in scores)
            print(f"chain of {size:3}  {label:16} found by {found} of {len(scores)}: {each}", flush=True)
    return means


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("dynamics", "credit", "critics", "noise"))
    parser.add_argument("--quick", action="store_true", help="a rough answer in a few seconds")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=40)
    given = parser.parse_args()
    one_torch_thread()
    seeds = list(range(given.first, given.first + (2 if given.quick else given.seeds)))
    means = {"dynamics": dynamics, "credit": credit, "critics": critics, "noise": noise}[given.what](seeds, given.quick)
    keys = list(means)
    report(
        given.what,
        means[keys[-1]],
        means[keys[0]],
        means[keys[-1]] - means[keys[0]],
        "the last less the first",
        **means,
    )


if __name__ == "__main__":
    main()
