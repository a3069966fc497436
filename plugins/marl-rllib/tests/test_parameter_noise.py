"""Parameter noise: one policy all along a match, as far from the best actions as is stated, and on to the bit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib")
pytest.importorskip("marl_rllib")
pytest.importorskip("marl_gymnasium")

import torch

from marl.env import Frame
from marl.errors import UserError
from marl.games import OneAgent, one_agent_spec
from marl.job import Job
from marl.registry import ALGORITHMS, ENVIRONMENTS, RUNNERS, load_registry
from marl.scenario import load_scenario
from marl.space import Box, Discrete
from marl.testing.games.skirmish import skirmish
from marl.training.algorithm import adapted as next_coefficients
from marl.training.behaviour.parameter_noise import ParameterNoise, adapted, distance, perturbed, threshold, weights_of
from marl.training.modules import module_specs
from marl.training.networks import Heads, ModelConfig, NetworkPolicy

HEADS = Heads("duelling", value=False, start="uniform")


def pole(noise: float, hidden: int = 16) -> tuple[Any, NetworkPolicy]:
    environment = load_registry().make(ENVIRONMENTS, "gymnasium/cartpole", {}, lanes=256)
    modules = module_specs(environment.spec, ModelConfig(hidden=[hidden]), "all", (0,), heads=HEADS)
    networks = {name: module.build(1, name) for name, module in modules.items()}
    policy = NetworkPolicy(environment.spec, networks, "all", ParameterNoise())
    policy.coefficients = {"noise": noise}
    return environment, policy


def test_a_match_is_played_by_the_same_weights_all_along_and_others_by_others() -> None:
    environment, policy = pole(0.5)
    keys = np.arange(256, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    rows = environment.reset(np.arange(256), keys)[0]
    alike = replace(rows, observation=np.repeat(rows.observation[:1], 256, axis=0))
    began = policy.act(alike, policy.memory(256), keys)
    assert 0.2 < began.action.mean() < 0.8  # one observation, 256 minds
    later = policy.act(alike, began.memory, keys + np.uint64(12345))
    np.testing.assert_array_equal(began.action, later.action)
    np.testing.assert_array_equal(began.memory, later.memory)
    other = pole(0.5)[1]  # who remembers the same, plays the same: what a resumed run does
    np.testing.assert_array_equal(other.act(alike, began.memory, keys).action, began.action)
    policy.coefficients = {"noise": 0.0}
    assert len(set(policy.act(alike, began.memory, keys).action.tolist())) == 1


def test_rows_are_answered_by_their_own_perturbed_weights() -> None:
    _, policy = pole(0.1)
    (network,) = policy.networks.values()
    noise, rows = torch.randn(3, weights_of(network)), torch.randn(3, 4)
    said, start, weights = perturbed(network, rows, noise, 0.1), 0, {}
    for name, parameter in network.named_parameters():
        weights[name] = parameter + 0.1 * noise[1, start : start + parameter.numel()].reshape(parameter.shape)
        start += parameter.numel()
    by_hand = torch.func.functional_call(network, weights, (rows[1:2],)).inputs
    torch.testing.assert_close(said[1:2], by_hand.detach())


def test_the_wanted_distance_is_that_of_epsilon_greedy() -> None:
    """From a certain policy to itself with chance: the only term is that of the best action."""
    certain, mixed = torch.tensor([[50.0, 0.0, 0.0]]), torch.tensor([[0.8 + 0.2 / 3, 0.2 / 3, 0.2 / 3]]).log()
    assert float(distance(certain, mixed)) == pytest.approx(threshold(0.2, 3), abs=1e-5)
    assert threshold(0.0, 4) == 0.0


def test_the_adapted_noise_holds_the_stated_distance() -> None:
    """From ten times too much and ten times too little alike, and for a tighter bound it is less."""
    found = {}
    for wanted in (0.05, 0.005):
        for start in (1.0, 0.005):
            _, policy = pole(0.0)
            (network,) = policy.networks.values()
            chance, scale, away = torch.Generator().manual_seed(1), start, []
            for _ in range(150):
                rows = torch.randn(32, 4, generator=chance)
                noise = torch.randn(32, weights_of(network), generator=chance)
                with torch.no_grad():
                    away.append(float(distance(network(rows).inputs, perturbed(network, rows, noise, scale))))
                scale = adapted(scale, away[-1], wanted, 1.05)
            found[wanted, start] = np.mean(away[-50:])
    for (wanted, _), mean in found.items():
        assert mean == pytest.approx(wanted, rel=0.3)


def test_each_module_has_the_noise_that_its_own_fit_asks_for() -> None:
    told = {"next_noise": 0.2, "side0.a/next_noise": 0.3, "next_other": 1.0, "noise_distance": 0.1}
    assert next_coefficients(told, ("noise",)) == {"noise": 0.2, "side0.a/noise": 0.3}


RUN = """
kind: train
env: gymnasium/cartpole
env_steps: 480
slice: 120
algorithm:
  name: rllib/dqn
  rows: 40
  updates: 2
  learning_starts: 64
  horizon: 480
  explore: parameter_noise
  model: {hidden: [8]}
evaluation: {every: 0}
"""


def run(out: Path, *overrides: str, resume: bool = False) -> list[dict[str, Any]]:
    (out.parent / "run.yaml").write_text(RUN)
    registry = load_registry()
    scenario = load_scenario(out.parent / "run.yaml", list(overrides), registry)
    registry.load(registry.find(RUNNERS, "train"))(scenario, registry, out, resume)
    told = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    timed = ("time", "sample_seconds", "learn_seconds", "env_steps_per_s", "sampler_share", "learner_share")
    return [{k: v for k, v in one.items() if k not in timed} for one in told if one["event"] == "train"]


def test_a_run_adapts_its_noise_and_goes_on_to_the_bit_and_snapshots_have_none(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    noises = [event["noise"] for event in whole]
    assert noises[0] == 0.05 and len(set(noises)) > 3 and whole[-1]["noise_distance"] > 0
    assert whole[-1]["noise"] == pytest.approx(whole[-2]["next_noise"])
    run(tmp_path / "half", "env_steps=240")
    assert run(tmp_path / "half", "env_steps=480", resume=True) == whole
    last = [json.loads((tmp_path / out / "progress.json").read_text())["slices"][-1] for out in ("whole", "half")]
    assert last[0]["snapshot"] == last[1]["snapshot"]


def test_what_makes_no_sense_is_refused() -> None:
    registry = load_registry()
    for params, sentence in (
        ({"explore": "noise"}, "explore"),
        ({"noise": 0}, "noise must be above 0"),
        ({"noise_rate": 1.0}, "noise_rate must be above 1, not 1"),
    ):
        with pytest.raises(UserError, match=sentence):
            registry.make(ALGORITHMS, "rllib/dqn", params)
    spec = skirmish(1).spec
    modules = module_specs(spec, ModelConfig(kind="gru", hidden=[4], memory=4), "all", (0, 1))
    networks = {name: module.build(1, name) for name, module in modules.items()}
    with pytest.raises(UserError, match="parameter noise is for models without a memory"):
        NetworkPolicy(spec, networks, "all", ParameterNoise())


class Chain(OneAgent):
    """Thirty cells in a row; the last pays 1 a tick, and the first 0.001. See `benchmarks/reward_methods.py`."""

    worst = 0.0

    def __init__(self, lanes: int) -> None:
        super().__init__(one_agent_spec(Box((30,), 0, 1), Discrete(2), 39, (0, 10)), lanes)

    def fields(self) -> dict[str, Any]:
        return {"cell": np.int64(1)}

    def begin(self, lanes: Any) -> None:
        """All begin at the second cell."""

    def play(self, lanes: Any, actions: Any) -> Any:
        cell = self.cell[lanes]
        paid = np.where((cell == 0) & (actions == 0), 0.001, 0.0) + ((cell == 29) & (actions == 1))
        self.cell[lanes] = np.clip(cell + np.where(actions == 1, 1, -1), 0, 29)
        return paid, self.tick[lanes] == 38, False

    def observe(self, lanes: Any) -> Any:
        return (np.arange(30) <= self.cell[lanes, None]).astype(np.float32)

    def render(self, lane: int) -> Frame:
        return Frame(str(self.cell[lane]))


@pytest.mark.slow
def test_the_end_of_a_chain_is_found_that_epsilon_greedy_does_not_find() -> None:
    best = {}
    for explore in ("epsilon_greedy", "parameter_noise"):
        told: list[float] = []
        services: Any = SimpleNamespace(
            spec=Chain(1).spec,
            environment=Chain,
            warn=pytest.fail,
            log=lambda _, told=told, **values: told.append(values.get("return", 0.0)),
        )
        params = {"lanes": 8, "lr": 1e-3, "updates": 8, "learning_starts": 256, "epsilon": 0.5, "explore": explore}
        params |= {"model": {"hidden": [64], "activation": "relu"}, "noise_rate": 1.05, "exploration": 0.5}
        job = Job("rllib/dqn", 0, ((),), seed=3, budget={"env_steps": 8000}, params=params)
        load_registry().make(ALGORITHMS, "rllib/dqn", params).train(job, services)
        best[explore] = max(told)
    assert best["epsilon_greedy"] < 0.1 and best["parameter_noise"] > 1, best
