"""A value head for each channel: they add up to one critic, know each channel's own returns, and go on to the bit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from marl.arena import Mixtures, Sampler
from marl.compute import Compute
from marl.env import Frame, Lanes
from marl.errors import UserError
from marl.games import OneAgent, one_agent_spec
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, RUNNERS, Component, load_registry
from marl.scenario import load_scenario
from marl.space import Box, Discrete
from marl.testing.games.skirmish import skirmish
from marl.trajectory import Term

pytest.importorskip("ray.rllib")
pytest.importorskip("marl_rllib")
pytest.importorskip("marl_gymnasium")

from marl.training.composition import Constraint, RewardConfig, Schedule
from marl.training.experience.on_policy import generalised_advantages, last_values
from marl.training.experience.per_channel import PerChannel
from marl.training.modules import module_specs
from marl.training.networks import Heads, ModelConfig, NetworkPolicy, module_ids
from marl_rllib.params import PPOParams
from marl_rllib.ppo import PPO


def test_advantages_of_channels_add_up_to_those_of_their_sum() -> None:
    """Whatever weights are: advantages are linear in rewards and values together."""
    spec, chance = skirmish(1).spec, np.random.default_rng(1)
    modules = module_specs(spec, ModelConfig(hidden=[8]), "all", (0, 1), heads=Heads(critics=3))
    policy = NetworkPolicy(spec, {name: module.build(1, name) for name, module in modules.items()})
    rows = Sampler(skirmish(4), [policy], Mixtures(np.ones((2, 1)), 5), [0]).collect(200)[0]
    assert rows.value.shape == (len(rows), 3)
    weight = np.array([2.0, -1.0, 0.0])
    paid = chance.normal(size=(3, len(rows)))
    rows = replace(rows, terms={name: Term(*term) for name, *term in zip("abc", weight, paid, strict=True)})
    config = RewardConfig(channels={"a": Component("rewards/counts", {})})
    hyper = PPOParams(critics="per_channel", reward=config, discount=0.9, trace=0.8)
    cut = PerChannel(hyper).cut([rows], policy, module_ids(spec, "all"))
    whole = replace(rows, reward=weight @ paid, value=rows.value @ weight)
    wanted = generalised_advantages(whole, last_values(rows, policy) @ weight, 0.9, 0.8)
    (columns,) = cut.columns.values()
    np.testing.assert_allclose(columns["advantage"], wanted.advantage, atol=1e-5)
    np.testing.assert_allclose(columns["target"] @ weight, wanted.target, atol=1e-5)
    assert {"explained_variance", "reward.a.explained_variance", "reward.c.explained_variance"} <= set(cut.stats)
    with pytest.raises(UserError, match="nothing that is summed up is called 'aa'; did you mean 'a'"):
        PerChannel(replace(hyper, discounts={"aa": 0.5})).cut([rows], policy, module_ids(spec, "all"))


class Ladder(OneAgent):
    """Four ticks, whatever is done; the game pays 1000 at the last. It shows which tick it is."""

    worst = 0.0

    def __init__(self, lanes: int) -> None:
        super().__init__(one_agent_spec(Box((4,), 0, 1), Discrete(2), 4, (0, 1000)), lanes)

    def fields(self) -> dict[str, Any]:
        return {}

    def begin(self, lanes: Lanes) -> None:
        """All begin alike."""

    def play(self, lanes: Lanes, actions: Any) -> Any:
        last = self.tick[lanes] == 3
        return 1000.0 * last, last, False

    def observe(self, lanes: Lanes) -> Any:
        return np.eye(4, dtype=np.float32)[np.minimum(self.tick[lanes], 3)]

    def render(self, lane: int) -> Frame:
        return Frame(str(self.tick[lane]))


def learned(params: dict[str, Any]) -> tuple[Any, dict[str, float]]:
    """What the values of the four ticks are after training, `[4]` or `[4, C]`, and the last update."""
    services = SimpleNamespace(spec=Ladder(1).spec, environment=Ladder, warn=pytest.fail)
    given = {"lanes": 16, "rows": 256, "minibatch": 64, "epochs": 8, "lr": 0.02, "discount": 0.5, "trace": 1.0}
    algorithm = load_registry().make(ALGORITHMS, "rllib/ppo", {**given, "model": {"hidden": [16]}, **params})
    job = Job("rllib/ppo", 0, ((),), seed=3, budget={"env_steps": 256 * 25})
    engine = algorithm.engine(job, services)
    engine.begin(job, services)
    told = engine.run(lambda *_, **__: None)
    turn = Ladder(4)
    rows = turn.reset(np.arange(4), np.arange(4).astype(np.uint64))[0]
    rows = replace(rows, observation=np.eye(4, dtype=np.float32))
    return engine.backend.policy.act(rows, None, np.arange(4).astype(np.uint64)).value, told


@pytest.mark.slow
def test_heads_learn_the_returns_of_their_channels_and_their_sum_is_what_one_critic_learns() -> None:
    """1000 at the end at 0.5 a tick; a channel that pays 0.01 a tick, at a discount of its own, 0.9."""
    reward = {"channels": {"small": {"name": "rewards/value", "of": "0.01 + 0 * observation[0]"}}}
    model = {"hidden": [16], "normalise_returns": True}
    both = {"reward": {**reward, "weights": {"small": 3.0}}, "model": model}
    each, told = learned({**both, "critics": "per_channel", "discounts": {"small": 0.9}})
    one, _ = learned(both)
    ladder, small = np.array([125.0, 250, 500, 1000]), 0.01 * np.array([3.439, 2.71, 1.9, 1.0])
    np.testing.assert_allclose(each[:, 0], ladder, rtol=0.03, atol=8)
    np.testing.assert_allclose(each[:, 1], small, rtol=0.05, atol=5e-4)  # 30,000 times smaller, and as well known
    np.testing.assert_allclose(one, ladder, rtol=0.03, atol=8)
    assert told["reward.game.explained_variance"] > 0.99 < told["explained_variance"]


RUN = """
kind: train
env: gymnasium/pendulum
env_steps: 800
slice: 200
algorithm:
  name: rllib/ppo
  lanes: 4
  rows: 200
  epochs: 1
  horizon: 800
  critics: per_channel
  discounts: {both: 0.5}
  model: {hidden: [4], normalise_returns: true}
  reward:
    channels:
      slow: {name: rewards/value, of: "-abs(observation[2])"}
      calm: {name: rewards/value, of: "-observation[2] ** 2"}
    combine: {both: {by: sum, of: [slow, calm]}}
    normalise: [calm]
    weights: {game: 0.1, both: {start: 1, end: 0}, slow: {at_most: -1, rate: 0.1}}
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


def test_a_run_with_weights_that_change_goes_on_to_the_bit(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    names = {"game", "both", "slow"}
    assert all({f"reward.{name}.explained_variance" for name in names} <= set(event) for event in whole)
    run(tmp_path / "half", "env_steps=400")
    assert run(tmp_path / "half", "env_steps=800", resume=True) == whole
    last = [json.loads((tmp_path / out / "progress.json").read_text())["slices"][-1] for out in ("whole", "half")]
    assert last[0]["snapshot"] == last[1]["snapshot"]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"critics": "per_channel"}, "critics: per_channel needs several channels"),
        ({"discounts": {"game": 0.5}}, "need a value for each: add critics: per_channel"),
        ({"critics": "per_channel", "reward": {"channels": {"a": "rewards/counts"}, "zero_sum": True}}, "leave one of"),
        ({"critics": "each"}, "critics"),
        (
            {"critics": "per_channel", "discounts": {"a": 2.0}, "reward": {"channels": {"a": "rewards/counts"}}},
            "that of 'a' must be between 0 and 1, not 2",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(params: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        load_registry().make(ALGORITHMS, "rllib/ppo", params)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_ray_values_channels_as_local_does() -> None:
    from marl.training.algorithm import Engine
    from marl.training.parts import Parts

    reward = RewardConfig(
        channels={"near": Component("rewards/potential", {"potential": "info.hits"})},
        weights={"game": Schedule(start=0.0, end=1.0), "near": Constraint(at_most=0.1, rate=1.0)},
    )
    small = {"lanes": 8, "rows": 129, "minibatch": 64, "epochs": 1, "samplers": 2, "horizon": 2000}
    model = ModelConfig(hidden=[8], normalise_returns=True)
    hyper = PPOParams(**small, model=model, reward=reward, critics="per_channel", discounts={"near": 0.5})
    spec, job = skirmish(1).spec, Job("rllib/ppo", 0, ((), ((SELF, 1.0),)), seed=3)
    services = SimpleNamespace(spec=spec, make=skirmish, environment=skirmish, warn=pytest.fail)
    states, told = [], []
    for backend in ("local", "ray"):
        parts = Parts(PPO.learner, PerChannel)
        engine = Engine(spec, parts, PPO(hyper)._modules(job, spec), hyper, Compute(backend))
        try:
            engine.begin(job, services)
            told.append([{k: v for k, v in engine.update().items() if "seconds" not in k} for _ in range(3)])
            states.append(engine.save().arrays)
        finally:
            engine.backend.close()
    assert told[0] == told[1] and set(states[0]) == set(states[1])
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])
    assert told[0][-1]["reward.near.explained_variance"] != 0.0
