"""Agents of a team that learn each from its own log: plain Q-learning, and outcomes weighed anew.

    python benchmarks/offline_decentralised.py [--quick] [--seeds 5]

For each game, logs are recorded once; every method learns from the same ones, and plays greedily.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from marl import rng, tree
from marl.arena import Arena, Pairings
from marl.datasets import Dataset, recording
from marl.datasets.header import Header, spec_of
from marl.job import Job
from marl.policy import Acts
from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry
from marl.training.networks import restore
from marl.training.networks.policy import NetworkParams

METHODS = {
    "plain": {"value_deviation": 0.0, "transition_normalisation": False},
    "deviation": {"value_deviation": 1.0, "transition_normalisation": False},
    "normalisation": {"value_deviation": 0.0, "transition_normalisation": True},
    "both": {"value_deviation": 1.0, "transition_normalisation": True},
}


@dataclass
class Game:
    """What is played, how its logs came about (probabilities of actions from what is seen), and how long is learned."""

    env: str
    behaviour: Callable[[Any], Any]
    matches: int
    env_steps: int
    params: dict[str, Any] = field(default_factory=dict)
    learns: dict[str, Any] = field(default_factory=dict)


def two_step(seen: Any) -> Any:
    """Uniform in the first state; then action 1 one time in five."""
    second = np.where(seen[:, :1] > 0.5, 0.5, 0.2)
    return np.concatenate([1 - second, second], 1)


def uniform(actions: int) -> Callable[[Any], Any]:
    """All alike."""
    return lambda seen: np.full((len(seen), actions), 1 / actions)


GAMES = {
    "two-step, logs that lean": Game(
        "classic/two_step", two_step, 3000, 24_000, learns={"discount": 1.0, "rows": 1024, "minibatch": 128}
    ),
    "climbing, uniform logs": Game(
        "classic/team_matrix", uniform(3), 3000, 12_000, {"game": "climbing"}, {"discount": 1.0, "rows": 1024}
    ),
    "foraging 5x5-2p-1f cooperative, uniform logs": Game(
        "classic/foraging",
        uniform(6),
        8000,
        400_000,
        {"size": 5, "players": 2, "foods": 1, "cooperative": True, "steps": 25},
        {"discount": 0.95, "model": {"hidden": [128, 128], "activation": "relu"}, "lr": 1e-3, "target_rate": 0.02},
    ),
}


class Behaviour:
    """Plays by probabilities that follow from what is seen."""

    def __init__(self, of: Callable[[Any], Any]) -> None:
        self.of = of

    def memory(self, rows: int) -> None:
        return None

    def act(self, rows: Any, memory: Any, keys: Any) -> Acts:
        table = self.of(tree.flatten(rows.observation))
        action = rng.choose(keys, table)
        return Acts(action, np.log(table[np.arange(len(rows)), action]))


class Host:
    """`marl.algorithm.Services` over a game and its logs."""

    def __init__(self, game: Game, root: Path) -> None:
        self.make = lambda lanes: load_registry().make(ENVIRONMENTS, game.env, game.params, lanes=lanes)
        self.spec = self.make(1).spec
        weights = np.ones((1, 1, 1))
        header = Header(game.env, game.params, spec_of(self.spec), [{"name": "logs"}], weights.tolist(), 1, 1024)
        cast = recording.Cast([Behaviour(game.behaviour)], weights)
        for _ in recording.record(root, recording.begun(root, header), cast, self.make, game.matches):
            pass
        self.recorded = Dataset(root)

    def environment(self, lanes: int) -> Any:
        return self.make(lanes)

    def log(self, step: int, **values: float) -> None:
        pass

    def warn(self, text: str) -> None:
        print(text)


def score(host: Any, game: Game, method: dict[str, Any], seed: int) -> float:
    """The mean return of what was learned, greedily, over 200 matches."""
    common = {
        "sharing": "none",
        "conservatism": 0.0,
        "lr": 5e-3,
        "target_rate": 0.1,
        "env_steps": game.env_steps,
    }  # everything was tried: there is nothing to be careful of
    name = "offline/decentralised"
    algorithm: Any = load_registry().make(ALGORITHMS, name, {**common, **game.learns, **method})
    trained = algorithm.train(Job(name, 0, ((),), seed, dataset=host.recorded.id), host)
    policy = restore(host.spec, trained.snapshot, NetworkParams(greedy=True))
    return float(Arena(host.make(100)).play([policy], Pairings.repeat([[0]], 200, seed=9)).returns.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three seeds, and no foraging")
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    seeds = [1000 + number for number in range(3 if args.quick else args.seeds)]
    found: dict[str, dict[str, list[float]]] = {}
    for title, game in list(GAMES.items())[: 2 if args.quick else None]:
        with tempfile.TemporaryDirectory() as folder:
            host = Host(game, Path(folder))
            logs = float(host.recorded.each("returns").mean())
            found[title] = {name: [score(host, game, method, s) for s in seeds] for name, method in METHODS.items()}
        told = "  ".join(f"{name} {np.round(scores, 2).tolist()}" for name, scores in found[title].items())
        print(f"{title}: logs {logs:.2f}  {told}", flush=True)
    first = found["two-step, logs that lean"]
    ours, peer = float(np.mean(first["both"])), float(np.mean(first["plain"]))
    detail = {
        title: {name: [round(s, 3) for s in scores] for name, scores in by.items()} for title, by in found.items()
    }
    line = {"name": "offline_decentralised", "ours": ours, "peer": peer, "ratio": ours / peer, "unit": "return"}
    print(json.dumps({**line, "detail": detail}))


if __name__ == "__main__":
    main()
