"""Ablations on several processes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from marl_rewards.lab.ablation import Ablation

SCENARIO = """
kind: train
env: gymnasium/pendulum
env_steps: 300
slice: 300
algorithm:
  name: rllib/ppo
  lanes: 4
  rows: 300
  epochs: 1
  model: {hidden: [4]}
  reward: {channels: {slow: {name: rewards/value, of: "-abs(observation[2])"}}, weights: {slow: 0.5}}
evaluation: {every: 0}
"""


@pytest.mark.slow
def test_on_several_processes_an_ablation_comes_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("marl_rllib")
    pytest.importorskip("marl_gymnasium")
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(SCENARIO)
    one, two = (Ablation.of("tiny.yaml", [], 1, Path(name)) for name in ("one", "two"))
    one.work()
    two.work(workers=2)
    assert two.scores == one.scores and Path("two/all/seed-0.log").is_file()
