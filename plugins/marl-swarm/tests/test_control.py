"""Dec-POMFPPO: what it makes of a swarm, who plays it, and that it goes on to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from marl.arena import Arena, Pairings
from marl.errors import UserError
from marl.job import Job
from marl.registry import ALGORITHMS, POLICIES, load_registry
from marl_swarm.dec_pomfppo import AsOne
from marl_swarm.decentralised import Decentralised
from marl_swarm.kuramoto import Kuramoto, KuramotoParams
from marl_swarm.mean_field import MeanField
from marl_swarm.rule import RuleParams

NAME = "swarm/dec_pomfppo"
SMALL: dict[str, Any] = {"lanes": 4, "rows": 40, "minibatch": 20, "centres": 2, "flows": 2, "model": {"hidden": [8]}}
SWARM: dict[str, Any] = {"agents": 5, "max_length": 10}


def trained(services: Any, steps: int = 80, parent: str | None = None, seed: int = 3) -> Any:
    algorithm: Any = load_registry().make(ALGORITHMS, NAME, SMALL)
    return algorithm.train(Job(NAME, 0, ((),), seed, parent, budget={"env_steps": steps}), services)


@pytest.fixture(scope="module")
def learned(host: Any) -> Any:
    """Services, and what came of a short job."""
    services = host("swarm/kuramoto", **SWARM)
    return services, trained(services)


def test_all_agents_of_a_match_go_by_one_rule_each_by_what_it_sees() -> None:
    world = MeanField(Kuramoto(2, KuramotoParams(agents=6, blur=0.0, effort=0.0)), RuleParams(centres=2, sharpness=50))
    lanes = np.arange(2)
    world.reset(lanes, np.array([1, 2], dtype=np.uint64))
    seen = world.inner.seen.copy()  # type: ignore[attr-defined]
    rules = np.zeros((2, 4, 3), np.float32)
    rules[0, :, 2] = 1.0  # match 0 turns left, whatever is seen
    rules[1, [0, 2], 0] = rules[1, [1, 3], 2] = 1.0  # match 1 by the sign of the second number
    world.step(lanes, [rules.reshape(2, -1)])
    np.testing.assert_allclose(world.inner.exerted, 1.0)  # type: ignore[attr-defined]
    did = world._choices(lanes, rules.reshape(2, -1)).reshape(2, 6)
    assert (did[0] == 2).all()
    sure = np.abs(world.inner.seen[1, :, 1]) > 0.1  # type: ignore[attr-defined]
    assert (did[1] == np.where(world.inner.seen[1, :, 1] > 0, 2, 0))[sure].all() and seen.shape == (2, 6, 2)  # type: ignore[attr-defined]


def test_one_agent_earns_the_mean_of_what_all_earn(host: Any) -> None:
    services = AsOne(host("swarm/vicsek", **SWARM), RuleParams())
    assert services.spec.returns[1] == 10.0 and services.spec.groups[0].action.shape == (27,)  # type: ignore[union-attr]
    world, lanes = services.environment(3), np.arange(3)
    world.reset(lanes, lanes.astype(np.uint64))
    step = world.step(lanes, [np.zeros((3, 27), np.float32)])
    exerted = step.info["exerted"]
    np.testing.assert_allclose(step.rewards[:, 0], step.info["order"] - 0.1 * exerted)


def test_a_policy_acts_without_a_state_in_swarms_of_any_size(learned: Any) -> None:
    _, done = learned
    registry = load_registry()
    for agents in (2, 5, 40):
        game = Kuramoto(2, KuramotoParams(agents=agents, max_length=14))

        def nothing(lanes: Any) -> Any:
            raise AssertionError("whoever is decentralised asks for no state")

        game.state = nothing  # type: ignore[method-assign]
        policy = registry.make(POLICIES, done.snapshot.policy, {}, spec=game.spec, snapshot=done.snapshot)
        assert len(Arena(game).play([policy], Pairings.repeat([[0]], 2, seed=1))) == 2


def test_agents_count_ticks_by_themselves(learned: Any) -> None:
    services, done = learned
    policy = Decentralised(services.spec, done.snapshot)
    assert policy.rules.shape == (10, 12)
    (rows,) = services.environment(1).reset(np.array([0]), np.array([4], dtype=np.uint64))
    policy.rules = np.zeros((10, 4, 3), np.float32)
    policy.rules[3, :, 0] = policy.rules[9, :, 2] = 100.0
    policy.rules = policy.rules.reshape(10, 12)
    ticks = np.array([3.0, 9.0, 30.0, 3.0, 9.0], np.float32)[:, None]
    acts = policy.act(rows, ticks, np.arange(5, dtype=np.uint64))
    assert acts.action.tolist() == [0, 2, 2, 0, 2] and acts.memory is not None
    assert (acts.memory == ticks + 1).all()


def test_a_learner_goes_on_from_a_checkpoint_to_the_bit(host: Any, learned: Any) -> None:
    services, done = learned
    services.checkpoints["there"] = done.checkpoint
    one, two = (trained(services, parent="there", seed=4) for _ in range(2))
    assert one.snapshot.id == two.snapshot.id != done.snapshot.id
    assert trained(host("swarm/kuramoto", **SWARM)).snapshot.id == done.snapshot.id
    ours, theirs = one.checkpoint.arrays, two.checkpoint.arrays
    assert set(ours) == set(theirs) and all(array.tobytes() == theirs[key].tobytes() for key, array in ours.items())


def test_the_upper_policy_can_be_started_from(host: Any, learned: Any) -> None:
    _, done = learned
    algorithm: Any = load_registry().make(ALGORITHMS, NAME, SMALL)
    start = algorithm.start(done.snapshot, Job(NAME, 0, ((),), 7), host("swarm/kuramoto", **SWARM))
    known = {name.removeprefix("upper/swarm/"): array for name, array in done.snapshot.arrays.items()}
    found = [array for name, array in start.arrays.items() if name.endswith("policy_head.weight")]
    assert any((array == known["policy_head.weight"]).all() for array in found)


def test_what_is_no_swarm_is_refused_in_a_sentence(host: Any, learned: Any) -> None:
    from marl.testing.games import kuhn, relay

    for game, reason in ((kuhn, "one side and one group"), (relay(False), "bounded row of numbers")):
        with pytest.raises(UserError, match=reason):
            trained(host(game))
    with pytest.raises(UserError, match="most: fewer centres"):
        MeanField(Kuramoto(1), RuleParams(centres=60))
    with pytest.raises(UserError, match="does not fit the environment"):
        Decentralised(Kuramoto(1, KuramotoParams(actions=5)).spec, learned[1].snapshot)
    with pytest.raises(UserError, match="needs a snapshot"):
        Decentralised(learned[0].spec)


@pytest.mark.slow
@pytest.mark.parametrize("world", ["kuramoto", "vicsek"])
def test_a_swarm_learns_to_fall_into_step(host: Any, world: str) -> None:
    services = host(f"swarm/{world}", agents=50)
    algorithm: Any = load_registry().make(ALGORITHMS, NAME, {})
    before = algorithm.train(Job(NAME, 0, ((),), 11, budget={"env_steps": 1}), services).metrics["flow_return"]
    after = algorithm.train(Job(NAME, 0, ((),), 11, budget={"env_steps": 20_000}), services).metrics["flow_return"]
    assert after > 3 * before, "of 50, were all agents always in step and none ever turned"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:ray", "ignore:The given NumPy array is not writable")
def test_a_worker_on_ray_gives_the_local_policy_to_the_bit(host: Any) -> None:
    from marl.compute import Compute
    from marl.training.backends import ray_session

    found = []
    with ray_session.held():
        for compute in (Compute(), Compute("ray", 0)):
            services = host("swarm/kuramoto", **SWARM)
            services.compute = compute
            algorithm: Any = load_registry().make(ALGORITHMS, NAME, {**SMALL, "samplers": 2})
            found.append(algorithm.train(Job(NAME, 0, ((),), 3, budget={"env_steps": 80}), services).snapshot.id)
            algorithm.close()
    assert found[0] == found[1]
