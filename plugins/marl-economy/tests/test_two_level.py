"""Two levels: the leader waits, and then learns on its own schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")

from marl.algorithm import Trained
from marl.errors import UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, load_registry
from marl.scenario import load_scenario
from marl.services import restore
from marl.testing import Host
from marl_economy.labour.labour import Labour, LabourParams
from marl_economy.labour.stackelberg import textbook
from marl_economy.params import TwoLevelParams
from marl_economy.playing import played

SCENARIOS = Path(__file__).parents[3] / "scenarios"
FEW: dict[str, Any] = {"lanes": 4, "rows": 96, "minibatch": 96, "epochs": 1, "model": {"hidden": [8]}}


def trained(host: Host, env_steps: int, parent: str | None = None, **params: Any) -> Trained:
    """Train planner and workers for so long."""
    job = Job(
        "economy/two_level",
        0,
        (((SELF, 1.0),),) * 2,
        seed=5,
        parent=parent,
        budget={"env_steps": env_steps},
        params=params,
    )
    return load_registry().make(ALGORITHMS, "economy/two_level", params).train(job, host)


def weights(result: Trained, module: str) -> list[np.ndarray]:
    return [array for name, array in sorted(result.snapshot.arrays.items()) if name.startswith(module)]


def test_the_leader_does_not_learn_before_its_time() -> None:
    host = Host("economy/labour", workers=3, levels=6, years=2)
    params = {**FEW, "horizon": 400, "leader_start": 0.5, "leader_lr": 0.01}
    first = trained(host, 100, **params)
    host.checkpoints["first"] = first.checkpoint
    later = trained(host, 60, "first", **params)  # still before 200
    host.checkpoints["later"] = later.checkpoint
    after = trained(host, 200, "later", **params)
    for one, other, moves in ((first, later, False), (later, after, True)):
        moved = any((a != b).any() for a, b in zip(weights(one, "planner"), weights(other, "planner"), strict=True))
        assert moved is moves
    workers = zip(weights(first, "workers"), weights(later, "workers"), strict=True)
    assert any((one != other).any() for one, other in workers)


def test_schedules_of_the_leader() -> None:
    params = TwoLevelParams(leader_start=0.25, leader_lr=0.01, leader_entropy=1.0, leader_entropy_end=0.2, entropy=0.03)
    at = [params.coefficients(progress) for progress in (0.0, 0.24, 0.25, 0.625, 1.0)]
    assert [one["leader_lr"] for one in at] == [0, 0, 0.01, 0.01, 0.01]
    assert [one["leader_entropy_weight"] for one in at] == pytest.approx([1.0, 1.0, 1.0, 0.6, 0.2])
    assert {one["entropy_weight"] for one in at} == {0.03}
    assert TwoLevelParams(leader_start=1.0).coefficients(1.0)["leader_lr"] == 0
    with pytest.raises(ValueError, match="leader_start must be between 0 and 1"):
        TwoLevelParams(leader_start=1.5)


def test_a_leader_that_is_not_there_is_told() -> None:
    with pytest.raises(UserError, match="no group is called 'planer'; did you mean 'planner'"):
        trained(Host("economy/labour"), 64, **FEW, leader="planer")


def test_scenarios_name_what_there_is() -> None:
    registry = load_registry()
    for name in ("economy_planner", "economy_workers", "economy_one_step"):
        assert load_scenario(SCENARIOS / f"{name}.yaml", [], registry).kind == "train"


@pytest.mark.slow
def test_a_planner_that_learns_finds_the_textbook_s_tax() -> None:
    """About half a minute: the rate of `economy_one_step` is within a step of 0.05 of the best."""
    registry = load_registry()
    config = load_scenario(SCENARIOS / "economy_one_step.yaml", [], registry).config
    host = Host("economy/labour", workers=32, levels=51)
    job = Job(
        "economy/two_level", 0, (((SELF, 1.0),),) * 2, seed=21, budget={"env_steps": config.env_steps},
        params=config.algorithm.params,
    )  # fmt: skip
    result = registry.make(ALGORITHMS, "economy/two_level", config.algorithm.params).train(job, host)
    economy = LabourParams(workers=32, levels=51)
    policy = restore(registry, host.spec, result.snapshot)
    (year,) = played(lambda lanes: Labour(lanes, economy), policy, policy, 64, 3)
    assert year.rates.mean() == pytest.approx(textbook(Labour(1, economy)), abs=0.06)
