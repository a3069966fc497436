"""Teams on Ray: the same numbers as in this process, with networks and critics that all learners agree about."""

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
REPLAY = {"steps_per_episode": 0.5, "capacity": 100}
PARAMS: dict[str, Any] = {"coma": {"horizon": 1000}, "maddpg": REPLAY, "masac": REPLAY}


@pytest.fixture(scope="module", autouse=True)
def one_session() -> Iterator[None]:
    from marl.training.backends import ray_session

    with ray_session.held():
        yield


@pytest.fixture
def on(begun: Any) -> Any:
    """An engine that has begun a job where it is told to."""

    def begin(compute: Compute, name: str, **params: Any) -> Any:
        _, services = begun("classic/two_step", name, **SMALL)
        services.make, services.compute = _two_step, compute
        algorithm: Any = load_registry().make(ALGORITHMS, name, {**SMALL, **params})
        engine = algorithm.engine(Job(name, 0, ((),), 3), services)
        engine.begin(Job(name, 0, ((),), 3), services)
        return engine

    return begin


def _two_step(lanes: int) -> Any:
    from marl_classic.two_step import TwoStep

    return TwoStep(lanes)


@pytest.mark.parametrize(
    "name", ["mappo", *(pytest.param(one, marks=pytest.mark.slow) for one in ("coma", "masac", "mat"))]
)
def test_two_workers_give_the_local_curve_to_the_bit(on: Any, name: str) -> None:
    runs = []
    for compute in (Compute(), Compute("ray", 0)):
        model = {"hidden": [8]} if name == "mat" else {"kind": "gru", "memory": 8, "hidden": [8]}
        engine = on(compute, f"ctde/{name}", model=model, **PARAMS.get(name, {}))
        for _ in range(2):
            metrics = engine.update()
        runs.append((engine.save(), {k: v for k, v in metrics.items() if "seconds" not in k and k != "staleness"}))
        engine.backend.close()
    (one, told), (other, also) = runs
    assert told == also and "side0/loss" in told and one.meta == other.meta and set(one.arrays) == set(other.arrays)
    assert all(array.tobytes() == other.arrays[key].tobytes() for key, array in one.arrays.items())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mappo", "ippo", "happo", "coma", "maddpg"])
def test_two_learners_agree_and_learn_what_one_does(on: Any, name: str) -> None:
    """But for those that draw actions while they learn, each for its own rows: these agree only with one another."""
    states = []
    for learners in (0, 2):
        engine = on(
            Compute("ray", learners), f"ctde/{name}", model={"hidden": [8]}, max_grad_norm=None, **PARAMS.get(name, {})
        )
        for _ in range(2):
            engine.update()
        states.append(engine.save().arrays)
        if learners:
            weights = engine.backend.learners.each(lambda learner, rank: learner.save().arrays)
            assert all(np.array_equal(array, weights[1][key]) for key, array in weights[0].items())
        engine.backend.close()
    if name == "maddpg":
        return
    one, two = states
    moved = [key for key in one if key.startswith(("weights/", "critics/"))]
    assert any("side0" in key for key in moved)
    for key in moved:
        assert np.allclose(one[key], two[key], atol=5e-4), key
