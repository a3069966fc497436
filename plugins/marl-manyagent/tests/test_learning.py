"""Mean-field Q-learning and actor-critic: targets by hand, known values, and what independent learners do not see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from marl.arena import Arena, Mixtures
from marl.compute import Compute
from marl.errors import UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, load_registry
from marl_manyagent.boltzmann import Boltzmann
from marl_manyagent.neighbours import MEAN
from marl_manyagent.params import MFQParams

SMALL: dict[str, Any] = {"lanes": 2, "rows": 64, "minibatch": 64, "model": {"hidden": [16]}}
MFQ: dict[str, Any] = {**SMALL, "learning_starts": 64, "updates": 8, "temperature": 2.0, "temperature_end": 1.0}
INDEPENDENT = {"kind": "manyagent/independent", "params": {"hidden": [16]}}


def begun(services: Any, name: str, **params: Any) -> Any:
    """An engine that has begun to learn all sides."""
    job = Job(name, 0, ((), *(((SELF, 1.0),) for _ in services.spec.sides[1:])), 3)
    algorithm: Any = load_registry().make(ALGORITHMS, name, params)
    engine = algorithm.engine(job, services)
    engine.begin(job, services)
    return engine


def said(network: Any, mean: float, spin: int = 0) -> Any:
    """What a network of the Ising model says, where a share `mean` of the neighbours is up."""
    seen = {"spin": torch.tensor([spin]), MEAN: torch.tensor([[1 - mean, mean]])}
    with torch.no_grad():
        return network(seen).inputs[0].numpy()


def test_the_target_is_the_boltzmann_mean_of_what_follows(host: Any) -> None:
    """With two actions, by hand: r + discount * sum of pi * Q_target, pi the softmax at the temperature of now."""
    engine = begun(host("manyagent/ising", size=2), "manyagent/mfq", **MFQ)
    learner = engine.backend.learner
    learner.coefficients = {"heat": 2.0}
    mean, action = np.array([[0.25, 0.75], [1.0, 0.0]], np.float32), np.array([1, 0])
    after = {"spin": torch.tensor([1, 0]), MEAN: torch.tensor(mean)}
    before = {"spin": torch.tensor([0, 1]), MEAN: torch.zeros(2, 2)}
    batch = {
        "observation": before, "next_observation": after, "action": torch.tensor(action), "weight": torch.ones(2),
        "reward": torch.tensor([1.0, -2.0]), "discount": torch.tensor([0.5, 0.0]),
    }  # fmt: skip
    assert (
        begun(host("manyagent/ising", size=2), "manyagent/mfq", **MFQ, mean="before").backend.learner.prepare(
            "spins", batch
        )
        == {}
    ), "what was seen before the action is what is valued"
    batch |= learner.prepare("spins", batch)
    np.testing.assert_array_equal(batch["observation"][MEAN], mean)
    np.testing.assert_array_equal(batch["observation"]["spin"], [0, 1])
    with torch.no_grad():
        network = learner.network("spins")
        values = network(batch["observation"]).inputs
        later = network(after).inputs.numpy()
        loss, _ = learner.loss("spins", batch, values, torch.zeros(2))
    policy = np.exp(later / 2.0) / np.exp(later / 2.0).sum(axis=1, keepdims=True)
    target = np.array([1.0, -2.0]) + np.array([0.5, 0.0]) * (policy * later).sum(axis=1)
    known = values.numpy()[np.arange(2), action]
    assert float(loss) == pytest.approx(0.5 * np.square(known - target).mean(), rel=1e-5)


def test_on_the_ising_model_it_learns_the_local_energy(host: Any) -> None:
    engine = begun(host("manyagent/ising", size=4, max_length=20), "manyagent/mfq", **MFQ, discount=0.0, lr=0.01)
    for _ in range(60):
        engine.update()
    network = engine.backend.learner.network("spins")
    for mean in (0.0, 0.25, 0.5, 0.75, 1.0):
        down, up = said(network, mean)
        assert up - down == pytest.approx(4 * (2 * mean - 1), abs=0.4)  # energies of +-2, of both spins


def test_actor_critic_learns_to_align_all_spins(host: Any) -> None:
    engine = begun(host("manyagent/ising", size=4, max_length=20), "manyagent/mfac", **SMALL, discount=0.0, lr=0.02)
    told = [engine.update() for _ in range(60)]
    first, *_, last = (one["return"] for one in told if "return" in one)
    assert last > 500 > first, "of 640, were all spins alike from the first tick on"


@pytest.mark.parametrize("name", ["mfq", "mfac"])
def test_independent_networks_do_not_see_what_neighbours_did(host: Any, name: str) -> None:
    services = host("manyagent/ising", size=4)
    for model, alike in ((INDEPENDENT, True), ({"hidden": [16]}, False)):
        engine = begun(services, f"manyagent/{name}", **{**SMALL, "model": model})
        network = engine.backend.learner.network("spins")
        assert (said(network, 0.0) == said(network, 1.0)).all() == alike


def test_a_battle_is_learned_from_the_living_alone(host: Any) -> None:
    services = host("manyagent/battle", soldiers=8, size=8, view=1, neighbourhood=2, max_length=300)
    engine = begun(services, "manyagent/mfq", **MFQ)
    player = engine.backend.samplers[0]
    columns = player.play(5000, {"heat": 10.0}).columns["soldiers"]
    health = columns["observation"]["self"][:, 0]
    assert (health > 0).all(), "dead soldiers do not act"
    assert (columns["next_observation"]["self"][columns["terminated"], 0] == 0).any(), "but they see their end"


def test_heat_flattens_a_boltzmann_policy() -> None:
    from marl.training.networks.distributions import Categorical

    keys = np.arange(4000, dtype=np.uint64)
    values = np.tile(np.array([[0.0, 2.0]], np.float32), (4000, 1))
    shares = [Boltzmann().sample(Categorical(2), values, None, keys, {"heat": heat})[0].mean() for heat in (1.0, 4.0)]
    assert shares == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-0.5))], abs=0.03)
    assert MFQParams(temperature=2.0, temperature_end=0.5, cooling=0.5).coefficients(0.25)["heat"] == 2.5


def test_a_snapshot_plays_at_the_last_temperature(host: Any) -> None:
    from marl.training.networks import restore

    services = host("manyagent/ising", size=4)
    engine = begun(services, "manyagent/mfq", **MFQ)
    policy = restore(services.spec, engine.snapshot())
    (rows,) = services.environment(1).reset(np.array([0]), np.array([0], dtype=np.uint64))
    network = engine.backend.learner.network("spins")
    logits = said(network, float(rows.observation[MEAN][0, 1]), int(rows.observation["spin"][0]))
    np.testing.assert_allclose(policy.probabilities(rows)[0], np.exp(logits) / np.exp(logits).sum(), rtol=1e-4)
    assert len(Arena(services.environment(2)).play([policy], Mixtures(np.ones((1, 1)), 0).block(0, 2))) == 2


@pytest.mark.parametrize("name", ["mfq", "mfac"])
def test_a_learner_goes_on_from_a_checkpoint_to_the_bit(host: Any, name: str) -> None:
    services = host("manyagent/battle", soldiers=4, size=8, view=1, neighbourhood=2, max_length=30)
    params = {**MFQ, "horizon": 100} if name == "mfq" else SMALL
    one, other = (begun(services, f"manyagent/{name}", **params) for _ in range(2))
    for _ in range(3):
        one.update()
    services.checkpoints["there"] = one.save()
    going, parent = one.save(), Job(f"manyagent/{name}", 0, ((), ((SELF, 1.0),)), 3, "there")
    other.begin(parent, services)
    one.begin(parent, services)
    for engine in (one, other):
        engine.update()
    ours, theirs = one.save().arrays, other.save().arrays
    assert set(ours) == set(theirs) and any(
        array.tobytes() != going.arrays[key].tobytes() for key, array in ours.items()
    )
    assert all(array.tobytes() == theirs[key].tobytes() for key, array in ours.items())


def test_an_environment_without_mean_actions_is_refused_in_a_sentence(host: Any) -> None:
    from marl.testing.games import relay

    services = host(relay(False))
    for name in ("manyagent/mfq", "manyagent/mfac"):
        with pytest.raises(UserError, match=f"{name} learns from what the neighbours of an agent did"):
            load_registry().make(ALGORITHMS, name, {}).train(Job(name, 0, ((),), 0), services)
    with pytest.raises(ValueError, match="n_step must be 1"):
        MFQParams(n_step=3)


@pytest.fixture(scope="module")
def session() -> Iterator[None]:
    from marl.training.backends import ray_session

    with ray_session.held():
        yield


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:ray", "ignore:The given NumPy array is not writable")
@pytest.mark.parametrize("name", ["mfq", "mfac"])
def test_workers_on_ray_give_the_local_curve_to_the_bit(host: Any, session: None, name: str) -> None:
    runs = []
    for compute in (Compute(), Compute("ray", 0)):
        services = host("manyagent/ising", size=4)
        services.compute = compute
        engine = begun(services, f"manyagent/{name}", **(MFQ if name == "mfq" else SMALL), samplers=2)
        for _ in range(3):
            metrics = engine.update()
        runs.append((engine.save().arrays, metrics["loss"]))
        engine.backend.close()
    (one, loss), (other, also) = runs
    assert loss == also and set(one) == set(other)
    assert all(array.tobytes() == other[key].tobytes() for key, array in one.items())
