"""Teams on Ray: the same numbers as in this process, with networks and mixers that all learners agree about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from marl.compute import Compute
from marl.job import Job
from marl.registry import ALGORITHMS, load_registry

pytest.importorskip("marl_classic", reason="the game is marl-classic's")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore:The given NumPy array is not writable"),
]
SMALL = {"lanes": 4, "rows": 30, "minibatch": 8, "sharing": "none", "samplers": 2}
JOB = Job("values/qmix", 0, ((),), 3)


@pytest.fixture(scope="module", autouse=True)
def one_session() -> Iterator[None]:
    from marl.training.backends import ray_session

    with ray_session.held():
        yield


def begun(host: Any, compute: Compute, **params: Any) -> Any:
    algorithm: Any = load_registry().make(ALGORITHMS, "values/qmix", {**SMALL, **params})
    services = host("classic/two_step")
    services.make = _two_step
    services.compute = compute
    engine = algorithm.engine(JOB, services)
    engine.begin(JOB, services)
    return engine


def _two_step(lanes: int) -> Any:
    from marl_classic.two_step import TwoStep

    return TwoStep(lanes)


def test_two_workers_give_the_local_curve_to_the_bit(host: Any) -> None:
    runs = []
    for compute in (Compute(), Compute("ray", 0)):
        engine = begun(host, compute, model={"kind": "gru", "memory": 8, "hidden": [8]})
        for _ in range(3):
            metrics = engine.update()
        runs.append((engine.save(), {k: v for k, v in metrics.items() if "seconds" not in k and k != "staleness"}))
        engine.backend.close()
    (one, told), (other, also) = runs
    assert told == also and "side0/loss" in told and one.meta == other.meta and set(one.arrays) == set(other.arrays)
    assert all(array.tobytes() == other.arrays[key].tobytes() for key, array in one.arrays.items())


@pytest.mark.slow
def test_two_learners_agree_and_learn_what_one_does(host: Any) -> None:
    states = []
    for learners in (0, 2):
        engine = begun(host, Compute("ray", learners), model={"hidden": [8]}, max_grad_norm=None)
        for _ in range(2):
            engine.update()
        states.append(engine.save().arrays)
        if learners:
            weights = engine.backend.learners.each(lambda learner, rank: learner.save().arrays)
            assert all(np.array_equal(array, weights[1][key]) for key, array in weights[0].items())
        engine.backend.close()
    one, two = states
    moved = [key for key in one if key.startswith(("weights/", "critics/"))]
    assert any("side0" in key for key in moved)
    for key in moved:
        assert np.allclose(one[key], two[key], atol=2e-4), key
