"""Learning in a world with births: the network for structured observations, and algorithms and leagues on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from marl.algorithm import Services
from marl.arena import Arena, Pairings
from marl.errors import UserError
from marl.job import Job
from marl.policies.random import Random
from marl.registry import ALGORITHMS, POLICIES, load_registry
from marl.services import restore
from marl.space import Box
from marl_manyagent.entities import EntitiesEncoder, entities
from marl_manyagent.foraging_world.foraging_world import ForagingWorld
from marl_manyagent.foraging_world.params import ForagingParams
from marl_manyagent.params import EntitiesParams

MODEL = {"kind": "manyagent/entities", "params": {"hidden": [16], "tiles": 8, "entity": 8}}
WORLD = {"places": 16, "size": 16, "max_length": 40}


def batch() -> Any:
    game = ForagingWorld(1, ForagingParams(**WORLD, start=1.0))
    (rows,) = game.reset(np.array([0]), np.array([3], dtype=np.uint64))
    assert rows.observation["present"].sum(axis=1).max() > 1
    return game.spec.groups[0].observation, {name: torch.as_tensor(leaf) for name, leaf in rows.observation.items()}


def test_the_order_of_entities_tells_nothing_and_those_absent_are_nobody() -> None:
    space, seen = batch()
    encoder = EntitiesEncoder(space, EntitiesParams(hidden=[16]))
    with torch.no_grad():
        before = encoder(seen)
        turned = {**seen, "entities": seen["entities"].flip(1), "present": seen["present"].flip(1)}
        noise = torch.where(seen["present"][..., None] > 0, seen["entities"], torch.rand(seen["entities"].shape))
        torch.testing.assert_close(encoder(turned), before)
        torch.testing.assert_close(encoder({**seen, "entities": noise}), before)
        assert not torch.allclose(encoder({**seen, "present": torch.zeros_like(seen["present"])}), before)


def test_the_mean_action_is_seen_unless_it_is_left_out() -> None:
    space, seen = batch()
    other = {**seen, "mean_action": torch.rand(seen["mean_action"].shape)}
    for shown in (True, False):
        encoder = EntitiesEncoder(space, EntitiesParams(hidden=[16], mean_action=shown))
        with torch.no_grad():
            assert torch.equal(encoder(seen), encoder(other)) != shown


def test_other_observations_are_refused() -> None:
    with pytest.raises(UserError, match="mlp is right"):
        entities(Box((4,)), EntitiesParams())
    with pytest.raises(ValueError, match="tiles must be at least 1"):
        EntitiesParams(tiles=0)


@pytest.mark.parametrize(
    ("algorithm", "params"),
    [
        ("rllib/ppo", {"minibatch": 128}),
        ("manyagent/mfq", {"minibatch": 64, "updates": 2, "learning_starts": 64}),
        ("manyagent/mfac", {"minibatch": 128}),
    ],
)
def test_algorithms_learn_from_lives(host: Any, algorithm: str, params: dict[str, Any]) -> None:
    services: Services = host("manyagent/foraging_world", **WORLD, populations=2)
    made: Any = load_registry().make(ALGORITHMS, algorithm, {"lanes": 2, "rows": 256, "model": MODEL, **params})
    job = Job(algorithm, 0, ((),), 3, budget={"env_steps": 60})
    trained = made.train(job, services)
    assert {name.split("/")[0] for name in trained.snapshot.arrays} == {"population_0", "population_1"}
    assert all(np.isfinite(array).all() for array in trained.snapshot.arrays.values())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [211, 212, 213])
def test_who_learns_lives_longer(host: Any, seed: int) -> None:
    """Independent PPO, some 200,000 agent-steps of 24 places: lives are longer by a quarter than at random."""
    world = {"places": 24, "size": 20, "max_length": 128}
    services = host("manyagent/foraging_world", **world)
    params = {"lanes": 16, "rows": 8192, "minibatch": 1024, "epochs": 3, "lr": 0.001, "discount": 0.99, "entropy": 0.01}
    model = {"kind": "manyagent/entities", "params": {"hidden": [64], "activation": "relu"}}
    registry = load_registry()
    made: Any = registry.make(ALGORITHMS, "rllib/ppo", {**params, "model": model})
    job = Job("rllib/ppo", 0, ((),), seed, budget={"env_steps": 12_000})
    learned = restore(registry, services.spec, made.train(job, services).snapshot)
    forager = registry.make(POLICIES, "manyagent/forager", {}, spec=services.spec)
    figures: dict[str, dict[str, float]] = {}
    for name, policy in (("learned", learned), ("random", Random(services.spec)), ("scripted", forager)):
        info = Arena(services.environment(8)).play([policy], Pairings.repeat([[0]], 16, seed=seed)).info
        figures[name] = {column: round(float(values.mean()), 3) for column, values in info.items()}
    print(figures)
    assert figures["learned"]["lifetime"] > 1.25 * figures["random"]["lifetime"]


@pytest.mark.slow
def test_a_league_of_rival_populations_on_two_workers(tmp_path: Path) -> None:
    """Two populations that are born and die: two jobs at once, in processes of their own, each against the past."""
    (tmp_path / "rivals.yaml").write_text(RIVALS)
    command = [sys.executable, "-m", "marl", "run", "rivals.yaml", "--out", "rivals"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "rivals" / "report.html").exists()


RIVALS = """
kind: league
name: rivals
env: {name: manyagent/foraging_world, places: 8, size: 12, populations: 2, rivals: true, max_length: 20}
strategy:
  name: league/psro
  metasolver: league/uniform
  oracle:
    name: rllib/ppo
    env_steps: 120
    lanes: 2
    rows: 128
    minibatch: 64
    model: {kind: manyagent/entities, params: {hidden: [16]}}
payoffs:
  source: {name: sampled, matches: 4}
compute:
  processes: 2
stop:
  iterations: 2
"""
