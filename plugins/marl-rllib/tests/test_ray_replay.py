"""Replay on Ray: kept where learning is driven from, the same numbers as here, critics of all learners alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from marl.compute import Compute
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, load_registry
from marl.space import Discrete
from marl.testing.games.kuhn import kuhn

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore:The given NumPy array is not writable"),
]
SMALL = {"lanes": 4, "rows": 65, "updates": 3, "minibatch": 32, "learning_starts": 100, "model": {"hidden": [8]}}
SELF_PLAY = Job("rllib", 0, ((), ((SELF, 1.0),)), seed=3)


@pytest.fixture(scope="module", autouse=True)
def one_session() -> Iterator[None]:
    from marl.training.backends import ray_session

    with ray_session.held():
        yield


class Services:
    make = staticmethod(kuhn)
    spec = kuhn(1).spec

    def __init__(self) -> None:
        self.checkpoints: dict[str, Any] = {}

    def environment(self, lanes: int) -> Any:
        return kuhn(lanes)

    def checkpoint(self, id: str) -> Any:
        return self.checkpoints[id]


def begun(name: str, compute: Compute, **params: Any) -> tuple[Any, Any]:
    algorithm: Any = load_registry().make(ALGORITHMS, f"rllib/{name}", {**SMALL, **params})
    host: Any = Services()
    host.compute = compute
    engine = algorithm.engine(SELF_PLAY, host)
    engine.begin(SELF_PLAY, host)
    return engine, host


@pytest.mark.parametrize(("name", "learners"), [("dqn", 1), ("sac", 0)])
def test_a_replay_gives_the_local_curve_to_the_bit(name: str, learners: int) -> None:
    runs = []
    for compute in (Compute(), Compute("ray", learners)):
        engine, _ = begun(name, compute, prioritised=True, n_step=2, samplers=2, staleness=learners)
        for _ in range(4):
            metrics = engine.update()
        runs.append((engine.save(), {k: v for k, v in metrics.items() if "seconds" not in k}))
        engine.backend.close()
    (one, told), (other, also) = runs
    assert told == also and "loss" in told and one.meta == other.meta
    assert any(key.startswith("experience/") for key in one.arrays) and set(one.arrays) == set(other.arrays)
    assert all(array.tobytes() == other.arrays[key].tobytes() for key, array in one.arrays.items())


def test_two_learners_have_the_critics_of_one() -> None:
    from marl.space import Box
    from marl.training.backend import Plan
    from marl.training.backends.ray_learners import Learners
    from marl.training.experience import Draw
    from marl.training.modules import ModuleSpec
    from marl.training.networks import Heads, ModelConfig
    from marl.training.parts import Parts
    from marl_rllib.params import SACParams
    from marl_rllib.sac import SAC, SACLearner

    drawn = np.random.default_rng(0)
    count = 101
    columns = {
        "observation": drawn.normal(size=(count, 3)).astype(np.float32),
        "next_observation": drawn.normal(size=(count, 3)).astype(np.float32),
        "action": drawn.integers(0, 4, count),
        "reward": drawn.normal(size=count).astype(np.float32),
        "discount": np.full(count, 0.9, np.float32),
        "weight": np.ones(count, np.float32),
    }

    class Given:
        keeps = True

        def __init__(self, hyper: Any) -> None:
            self.said: dict[str, Any] = {}

        def add(self, parts: Any) -> None:
            pass

        def draw(self, seed: int, coefficients: Any) -> Draw:
            return Draw({"m": columns}, 1, {"m": 1})

        def learned(self, said: Any) -> None:
            self.said = said

        def reset(self) -> None:
            pass

    assert SAC.learner is SACLearner
    states, said = [], []
    for learners in (0, 2):
        hyper = SACParams(max_grad_norm=None)
        spec = {"m": ModuleSpec(Box((3,)), Discrete(4), ModelConfig(hidden=[8]), Heads("squashed", value=False))}
        group = Learners(Parts(SACLearner, Given), spec, hyper, Compute("ray", learners), 0)
        group.reset(1)
        group.fit([], Plan(0, 7, {"lr": 1e-3}), {})
        states.append(group.state.arrays)
        said.append(group.experience.said["m"])  # type: ignore[attr-defined]
        if learners:
            weights = group.each(lambda learner, rank: learner.save().arrays)
            assert all(np.array_equal(array, weights[1][key]) for key, array in weights[0].items())
        group.close()
    assert said[0] == pytest.approx(said[1], abs=1e-5) and len(said[0]) == count
    moments = [key for key in states[0] if "critics." in key and key.endswith("exp_avg")]
    assert moments and set(states[0]) == set(states[1])  # the first moment is a tenth of the gradient
    for key in moments:
        assert np.abs(states[0][key]).max() > 0 and np.allclose(states[0][key], states[1][key], atol=1e-6)
