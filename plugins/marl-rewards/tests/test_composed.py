"""All three composed in one scenario: training, a resume to the bit, Ray like local, and the oracle of a league."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from marl.compute import Compute

pytest.importorskip("ray.rllib")
pytest.importorskip("marl_rllib")
pytest.importorskip("marl_pettingzoo")
pytest.importorskip("mpe2")

from marl.job import SELF, Job
from marl.registry import RUNNERS, Component, load_registry
from marl.scenario import load_scenario
from marl.testing.games.skirmish import skirmish
from marl.training.composition import Combination, RewardConfig, Schedule

CHANNELS = {"reward.game", "reward.near", "reward.team", "reward.novelty", "reward.both", "reward.total"}
LEARNER = "{name: rllib/ppo, lanes: 8, rows: 256, minibatch: 128, epochs: 1, horizon: 800, model: {hidden: [8]}, %s}"
BLOCK = (
    "reward: {channels: {near: {name: rewards/potential, potential: '-abs(observation[2])'}, "
    "team: {name: rewards/team_spirit, spirit: 0.3, opponents: true}, novelty: {name: rewards/rnd, hidden: 16}}, "
    "combine: {both: {by: geometric, of: [near, team]}}, normalise: [near], clip: {team: [-2, 2]}, "
    "weights: {game: 0, novelty: 0.1, near: {start: 1, end: 0}, team: 1, both: 0.5}}"
)
TRAIN = f"""
kind: train
env: pettingzoo/simple_tag
env_steps: 800
slice: 200
algorithm: {LEARNER % BLOCK}
evaluation: {{every: 0}}
"""
LEAGUE = f"""
kind: league
env: pettingzoo/simple_tag
strategy: {{name: league/psro, metasolver: league/prd, oracle: {LEARNER % (BLOCK + ", env_steps: 400")}}}
payoffs: {{source: {{name: auto, matches: 4, lanes: 4}}}}
stop: {{iterations: 2}}
"""


def run(text: str, out: Path, *overrides: str, resume: bool = False) -> None:
    path = out.parent / "scenario.yaml"
    path.write_text(text)
    registry = load_registry()
    scenario = load_scenario(path, list(overrides), registry)
    registry.load(registry.find(RUNNERS, text.split("kind: ")[1].split()[0]))(scenario, registry, out, resume)


def events(out: Path) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [event for event in told if event["event"] == "train"]


def timeless(event: dict[str, Any]) -> dict[str, Any]:
    timed = ("time", "sample_seconds", "learn_seconds", "env_steps_per_s", "sampler_share", "learner_share", "job")
    return {key: value for key, value in event.items() if key not in timed}


def test_a_run_learns_from_all_of_them_and_resumes_to_the_bit(tmp_path: Path) -> None:
    run(TRAIN, tmp_path / "whole")
    whole = events(tmp_path / "whole")
    assert all(CHANNELS | {"reward.novelty.error.group0"} <= set(event) for event in whole)
    assert whole[0]["reward.novelty"] == 0 < whole[-1]["reward.novelty"]
    assert whole[0]["reward.near.paid"] == 0 != whole[1]["reward.near.paid"]  # in its deviations, once known
    assert whole[0]["reward.near.weight"] == 1 > whole[-1]["reward.near.weight"] > 0
    for event in whole:
        total = sum(event[f"reward.{name}.paid"] for name in ("game", "near", "team", "novelty", "both"))
        assert event["reward.total"] == pytest.approx(total)
    assert "reward.novelty" in (tmp_path / "whole" / "report.html").read_text()

    run(TRAIN, tmp_path / "half", "env_steps=400")
    run(TRAIN, tmp_path / "half", "env_steps=800", resume=True)
    assert [timeless(event) for event in events(tmp_path / "half")] == [timeless(event) for event in whole]
    last = [json.loads((tmp_path / out / "progress.json").read_text())["slices"][-1] for out in ("whole", "half")]
    assert last[0]["snapshot"] == last[1]["snapshot"]


def test_what_is_measured_stays_the_game_s_own(tmp_path: Path) -> None:
    """The first update plays the same matches whatever they pay, and reports the same return."""
    run(TRAIN, tmp_path / "shaped", "env_steps=400", "slice=400", "algorithm.rows=1024")
    plain = TRAIN.replace(BLOCK, "reward: {weights: {game: 1}}")
    run(plain, tmp_path / "plain", "env_steps=400", "slice=400", "algorithm.rows=1024")
    shaped, plain_event = events(tmp_path / "shaped")[0], events(tmp_path / "plain")[0]
    assert shaped["return"] == plain_event["return"] and shaped["length"] == plain_event["length"]
    assert shaped["explained_variance"] != plain_event["explained_variance"]
    assert not CHANNELS & set(plain_event)


def test_an_oracle_of_a_league_has_rewards_which_are_part_of_its_jobs(tmp_path: Path) -> None:
    jobs: dict[str, set[str]] = {}
    for name, text in (("shaped", LEAGUE), ("other", LEAGUE.replace("spirit: 0.3", "spirit: 0.4"))):
        run(text, tmp_path / name)
        told = events(tmp_path / name)
        assert len(told) >= 4 and all(set(event) >= CHANNELS for event in told)
        jobs[name] = {event["job"] for event in told}
    assert len(jobs["shaped"]) == 4 and not jobs["shaped"] & jobs["other"]


def block() -> dict[str, Any]:
    return {
        "channels": {
            "near": Component("rewards/potential", {"potential": "info.hits"}),
            "team": Component("rewards/team_spirit", {"spirit": 0.5}),
            "novelty": Component("rewards/rnd", {"hidden": 8}),
        },
        "combine": {"both": Combination(by="product", of=["near", "team"])},
        "normalise": ["near", "both"],
        "weights": {"game": 0.0, "team": Schedule(start=0.0, end=1.0)},
    }


def engine(backend: str) -> Any:
    from marl.training.algorithm import Engine
    from marl.training.modules import module_specs
    from marl.training.networks import ModelConfig
    from marl.training.parts import Parts
    from marl_rllib.params import PPOParams
    from marl_rllib.ppo import PPO

    small = {"lanes": 8, "rows": 129, "minibatch": 64, "epochs": 1, "model": ModelConfig(hidden=[8])}
    hyper = PPOParams(**small, horizon=2000, reward=RewardConfig(**block()))
    spec = skirmish(1).spec
    return Engine(
        spec, Parts(PPO.learner), module_specs(spec, hyper.model, hyper.sharing, (0, 1)), hyper, Compute(backend)
    )


def host(saved: Mapping[str, Any]) -> Any:
    return SimpleNamespace(
        spec=skirmish(1).spec, make=skirmish, environment=skirmish, checkpoint=saved.__getitem__, warn=pytest.fail
    )


@pytest.mark.filterwarnings("ignore")
def test_ray_pays_and_learns_as_local_does_and_each_goes_on_where_the_other_stopped() -> None:
    job = Job("rllib/ppo", 0, ((), ((SELF, 1.0),)), seed=3)
    states: dict[str, Any] = {}
    told: dict[str, Any] = {}
    engines = {name: engine(name) for name in ("local", "ray")}
    try:
        for first, second in (("local", "local"), ("ray", "local"), ("local", "ray")):
            saved: dict[str, Any] = {}
            services = host(saved)
            engines[first].begin(job, services)
            updates = [engines[first].update() for _ in range(2)]
            saved["half"] = engines[first].save()
            engines[second].begin(Job("rllib/ppo", 0, ((), ((SELF, 1.0),)), seed=3, parent="half"), host(saved))
            updates += [engines[second].update() for _ in range(2)]
            key = f"{first} {second}"
            states[key] = engines[second].save()
            told[key] = [{k: v for k, v in one.items() if k.startswith("reward.")} for one in updates]
    finally:
        engines["ray"].backend.close()
    reference = states["local local"].arrays
    assert any(name.startswith("reward/novelty/group1.adam.exp_avg") for name in reference)
    for key in ("ray local", "local ray"):
        assert set(states[key].arrays) == set(reference)
        assert all(np.array_equal(states[key].arrays[name], reference[name]) for name in reference), key
        assert told[key] == told["local local"]
