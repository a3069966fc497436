"""Training on tasks: a curriculum steers what is played, is part of the checkpoint, and resumes to the bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marl.compute import Compute
from marl.errors import UserError
from marl.job import Job
from marl.testing.games import corridor, kuhn

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
SMALL = {"lanes": 8, "rows": 64, "minibatch": 32, "epochs": 2, "env_steps": 512}
JOB = Job("x", 0, ((),), seed=3, tasks={"name": "marl/frontier", "rate": 0.2})


def same(one: Any, other: Any) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


def test_a_job_without_tasks_is_the_job_that_it_was() -> None:
    assert Job("rllib/ppo", 0, ((), ()), seed=1).id == "c1a9857bacb23d8fe7e192ad4abb9fb6"
    assert JOB.id != replace(JOB, tasks=None).id != replace(JOB, tasks={"name": "marl/uniform"}).id


def test_a_curriculum_steers_what_is_played(services: Any, gradient: Any) -> None:
    host = services(corridor)
    gradient(**SMALL).train(JOB, host)
    first, last = host.logged[0][1], host.logged[-1][1]
    assert first["task_share/8_cells"] > 0.2
    assert last["task_share/8_cells"] < first["task_share/8_cells"]  # nobody gets to the end of it yet
    assert {name for name in last if name.startswith("task_share/")} == {f"task_share/{n}_cells" for n in (1, 2, 4, 8)}


def test_the_curriculum_resumes_to_the_bit(services: Any, gradient: Any) -> None:
    host = services(corridor)
    engine = gradient(**SMALL).engine(JOB, host)
    engine.begin(JOB, host)
    for _ in range(3):
        engine.update()
    host.checkpoints["half"] = engine.save()
    for _ in range(3):
        engine.update()
    straight = engine.save()
    assert any(name.startswith("curriculum/") for name in straight.arrays)
    fresh = gradient(**SMALL).engine(JOB, host)
    for again in (engine, fresh):  # an older state into the live engine, and into a new one
        again.begin(replace(JOB, parent="half"), host)
        for _ in range(3):
            again.update()
        assert same(straight.arrays, again.save().arrays)


@pytest.mark.usefixtures("ray_session")
def test_samplers_in_processes_of_their_own_practise_what_those_in_this_one_do(services: Any, gradient: Any) -> None:
    checkpoints = []
    for compute in (Compute(), Compute("ray")):
        host = services(corridor)
        host.compute = compute
        algorithm = gradient(**SMALL, samplers=2)
        try:
            checkpoints.append(algorithm.train(JOB, host).checkpoint)
        finally:
            algorithm.engine(JOB, host).backend.close()
    local, remote = checkpoints
    assert local.arrays["curriculum/won"].tolist() == remote.arrays["curriculum/won"].tolist()
    assert same(local.arrays, remote.arrays)


def test_a_curriculum_needs_tasks(services: Any, gradient: Any) -> None:
    with pytest.raises(UserError, match="the environment has no tasks, so marl/frontier has nothing to choose from"):
        gradient(**SMALL).train(replace(JOB, opponents=((), (("random", 1.0),))), services(kuhn))


def test_a_scenario_with_a_curriculum_refuses_an_environment_without_tasks(tmp_path: Path) -> None:
    from marl.registry import load_registry
    from marl.scenario import load_scenario
    from marl.training.runner import run

    path = tmp_path / "scenario.yaml"
    path.write_text("kind: train\nenv: classic/kuhn_poker\ntasks: frontier\n")
    registry = load_registry()
    with pytest.raises(UserError, match="tasks: classic/kuhn_poker has no tasks, so there is no curriculum for it"):
        run(load_scenario(path, [], registry), registry, tmp_path / "run", resume=False)
