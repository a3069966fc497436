"""Agents of a team: what each learns from its own log, what they learn together, and that runs go on to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic, for games of teams")
SMALL = {"model": {"hidden": [32], "identity": True}, "discount": 1.0, "lr": 5e-3}


def game(name: str, **params: Any) -> Any:
    return lambda lanes: load_registry().make(ENVIRONMENTS, name, params, lanes=lanes)


def leaning(share: float) -> Any:
    """In the second game of two-step, action 1 so often; uniform in the first."""

    def of(seen: Any, agent: Any) -> Any:
        second = np.where(seen[:, :1] > 0.5, 0.5, share)
        return np.concatenate([1 - second, second], 1)

    return of


@pytest.fixture(scope="module")
def leant(recorded: Any, behaviour: Any) -> Any:
    """Two-step games in which hardly anybody made the choice that pays only if both make it."""
    return recorded(game("classic/two_step"), behaviour(leaning(0.2)), 3000)


ROWS = {"rows": 1024, "minibatch": 128, "env_steps": 24_000, "conservatism": 0.0, "target_rate": 0.1, "sharing": "none"}


@pytest.mark.parametrize(
    ("deviation", "normalised", "best"),
    [
        pytest.param(0.0, False, 7.0, marks=pytest.mark.slow),
        pytest.param(0.0, True, 7.0, marks=pytest.mark.slow),
        pytest.param(1.0, False, 7.0, marks=pytest.mark.slow),
        (1.0, True, 8.0),
    ],
)
def test_only_both_weights_together_find_what_takes_both_agents(
    leant: Any, learned: Any, returns: Any, deviation: float, normalised: bool, best: float
) -> None:
    """Alone, an agent that makes the risky choice sees 8 in one match of five, else 1: 2.4. Where both outcomes count
    alike that is 4.5, and with what is better than that made more probable, 7.2, which is more than the sure 7."""
    weights = {"value_deviation": deviation, "transition_normalisation": normalised}
    policy, _ = learned("offline/decentralised", leant, **SMALL, **ROWS, **weights)
    assert returns(leant, policy, 1)[0] == best


def test_outcomes_count_alike_however_often_they_came(leant: Any, learned: Any) -> None:
    """Rareness times how often it is: the same for all outcomes of a choice, and 1 on average."""
    _, engine = learned("offline/decentralised", leant, **SMALL, **{**ROWS, "env_steps": 2_000})
    learner, reader = engine.backend.learner, engine.backend.samplers[0]
    columns = learner._tensors(reader.play(6000, {}).columns["player_0"])
    weight = learner._rareness("player_0", columns).numpy()
    action, paid = columns["action"].numpy(), columns["reward"].numpy()
    risky = (columns["observation"]["observation"][:, 2].numpy() > 0.5) & (action == 1)
    sums = [weight[risky & (paid == reward)].sum() for reward in (0.5, 4.0)]
    assert sums[0] == pytest.approx(sums[1], rel=0.25)
    assert weight[risky].mean() == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("name", [pytest.param("offline/cql_vdn", marks=pytest.mark.slow), "offline/cql_qmix"])
def test_a_team_plays_no_joint_action_that_it_never_saw(
    recorded: Any, behaviour: Any, learned: Any, returns: Any, name: str
) -> None:
    """All that was tried costs; what was not looks free to a team that is not conservative, and costs most."""
    payoffs = [[-2, -2, -20], [-2, -1, -20], [-20, -20, -20]]
    tried = behaviour(lambda seen, agent: np.tile([0.5, 0.5, 0.0], (len(seen), 1)))
    host = recorded(game("classic/team_matrix", payoffs=payoffs), tried, 1000)
    small = {**SMALL, "rows": 512, "minibatch": 32, "env_steps": 5_000, "target_rate": 0.1}
    policy, _ = learned(name, host, **small)
    assert returns(host, policy, 1)[0] == -1.0
    bold, _ = learned(name, host, **{**small, "conservatism": 0.0})
    assert returns(host, bold, 1)[0] == -20.0


@pytest.mark.slow
def test_a_team_with_memories_learns_from_recorded_matches(leant: Any, learned: Any, returns: Any) -> None:
    model = {"kind": "gru", "hidden": [16], "memory": 16, "identity": True}
    small = {**SMALL, "model": model, "rows": 1024, "minibatch": 64, "env_steps": 24_000, "target_rate": 0.1}
    policy, _ = learned("offline/cql_qmix", leant, **small, conservatism=0.0)
    assert returns(leant, policy, 1)[0] == 8.0


@pytest.mark.parametrize(
    "name",
    ["offline/cql_qmix", "offline/decentralised", "offline/iql", pytest.param("values/qmix", marks=pytest.mark.slow)],
)
def test_two_slices_are_one_and_another(leant: Any, name: str) -> None:
    small = {"rows": 128, "env_steps": 200, "minibatch": 32, "horizon": 400}

    def once(number: int, parent: str | None) -> Any:
        algorithm: Any = load_registry().make(ALGORITHMS, name, small)
        return algorithm.train(leant.job(name, number, parent=parent), leant)

    algorithm: Any = load_registry().make(ALGORITHMS, name, small)
    leant.checkpoints[name] = algorithm.train(leant.job(name, 0), leant).checkpoint
    undisturbed = algorithm.train(leant.job(name, 1, parent=name), leant)
    resumed = once(1, name)
    assert resumed.snapshot.id == undisturbed.snapshot.id
    there = undisturbed.checkpoint.arrays
    assert all(np.array_equal(array, there[key]) for key, array in resumed.checkpoint.arrays.items())
    assert resumed.snapshot.id != once(1, None).snapshot.id
