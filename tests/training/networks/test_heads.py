"""Heads and behaviours: what networks say, how it is played while gathering, and how it is played when evaluated."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from marl import rng
from marl.env import EnvSpec, Group, Rows
from marl.errors import UserError
from marl.space import Box, Discrete
from marl.training.behaviour.epsilon_greedy import EpsilonGreedy
from marl.training.networks import Heads, ModelConfig, Network, NetworkPolicy, restore
from marl.training.networks.distributions import Categorical, Squashed

SEEN = Box((3,))


def policy(action: Any, heads: Heads, behaviour: Any = None, **model: Any) -> NetworkPolicy:
    spec = EnvSpec(("one",), (Group("all", (0,), SEEN, action),), ((0,),), "turns", 9)
    torch.manual_seed(0)
    return NetworkPolicy(spec, {"all": Network(SEEN, action, ModelConfig(**model), heads)}, "all", behaviour)


def rows(count: int, mask: Any = None) -> Rows:
    number = np.zeros(count, dtype=np.int64)
    seen = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)
    return Rows(number, number, seen, mask, number == 1)


@pytest.mark.parametrize("kind", ["values", "duelling"])
def test_a_network_of_values_is_played_greedily_when_evaluated(kind: Any) -> None:
    live = policy(Discrete(4), Heads(kind, value=False), EpsilonGreedy())
    live.coefficients = {"epsilon": 1.0}
    asked, keys = rows(300, np.random.default_rng(1).random((300, 4)) < 0.5), rng.mix(np.arange(300))
    asked.mask[:, 1] = True
    frozen = restore(live.spec, live.snapshot())
    said = live.networks["all"](torch.from_numpy(asked.observation)).inputs.detach().numpy()
    best = np.where(asked.mask, said, -np.inf).argmax(1)
    answer = frozen.act(asked, None, keys)
    assert np.array_equal(answer.action, best) and answer.value is None
    assert np.array_equal(frozen.probabilities(asked).argmax(1), best)
    assert not np.array_equal(live.act(asked, None, keys).action, best)
    assert frozen.snapshot().id == live.snapshot().id


def test_duelling_values_are_the_states_and_what_actions_add() -> None:
    network = policy(Discrete(4), Heads("duelling")).networks["all"]
    out = network(torch.randn(5, 3))
    assert torch.allclose(out.inputs.mean(1), out.value, atol=1e-6)


def test_layers_below_the_heads_start_uniform_with_biases_where_heads_say_so() -> None:
    """Known bounds (one over the root of the inputs); a network without biases is odd, one with them is not."""
    starts: list[Any] = ["orthogonal", "uniform"]
    heads = [Heads("values", False, start) for start in starts]
    values = [policy(Discrete(4), each, hidden=[64, 64]).networks["all"] for each in heads]
    seen = torch.randn(50, 3)
    odd = [float((one(seen).inputs + one(-seen).inputs).detach().abs().max()) for one in values]
    assert odd[0] < 1e-5 < 1e-2 < odd[1]
    for inputs, layer in zip((3, 64), values[1].encoder.dense.layers, strict=True):
        for part in (layer.weight, layer.bias):
            assert 0.8 * inputs**-0.5 < float(part.detach().abs().max()) <= inputs**-0.5
    assert not values[0].policy_head.bias.any() and not values[1].policy_head.bias.any()


def test_a_snapshot_does_not_tell_how_its_network_started() -> None:
    live = policy(Discrete(4), Heads("duelling", False, "uniform"))
    snapshot = live.snapshot()
    assert snapshot.meta["modules"]["all"]["heads"] == {"policy": "duelling", "value": False}
    assert restore(live.spec, snapshot).snapshot().id == snapshot.id


def test_epsilon_greedy_plays_any_legal_action_so_often_and_says_so() -> None:
    count = 40_000
    inputs = np.tile(np.array([[1.0, 5.0, 3.0, 9.0]], np.float32), (count, 1))
    mask = np.tile(np.array([[True, True, True, False]]), (count, 1))
    action, logp = EpsilonGreedy().sample(Categorical(4), inputs, mask, rng.mix(np.arange(count)), {"epsilon": 0.3})
    shares = np.bincount(action, minlength=4) / count
    assert shares == pytest.approx([0.1, 0.8, 0.1, 0.0], abs=0.01)
    assert np.exp(logp) == pytest.approx(np.array([0.1, 0.8, 0.1, 0.0])[action])


@pytest.mark.parametrize("kind", ["values", "duelling"])
def test_networks_of_values_can_be_copied_and_sent_to_other_processes(kind: Any) -> None:
    network = policy(Discrete(4), Heads(kind, value=False)).networks["all"]
    seen = torch.rand(5, 3)
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert torch.equal(other(seen).inputs, network(seen).inputs)


def test_values_need_a_list_of_actions() -> None:
    with pytest.raises(UserError, match="needs Discrete ones"):
        policy(Box((1,), -1, 1), Heads("values"))


def test_squashed_densities_are_those_of_what_is_drawn() -> None:
    squashed = Squashed(Box((1,), -2, 4))
    inputs = torch.tensor([[0.3, 0.5]])
    grid = torch.linspace(-1.9999, 3.9999, 60_001)[:, None]
    density = squashed.logp(inputs.expand(len(grid), -1), grid).exp()
    assert float(torch.trapezoid(density, grid[:, 0])) == pytest.approx(1.0, abs=1e-3)
    keys = rng.mix(np.arange(50_000))
    action, logp = squashed.sample(np.tile(inputs.numpy(), (50_000, 1)), None, keys)
    mean = float(torch.trapezoid(density * grid[:, 0], grid[:, 0]))
    assert action.shape == (50_000, 1) and action.dtype == np.float32
    assert action.mean() == pytest.approx(mean, abs=0.03)
    again = squashed.logp(inputs.expand(len(action), -1), torch.from_numpy(action)).numpy()
    assert np.abs(again - logp).max() < 1e-2
    assert float(squashed.mode(inputs.numpy(), None)[0, 0]) == pytest.approx(1 + 3 * np.tanh(0.3), abs=1e-5)


def test_squashed_actions_need_bounds() -> None:
    with pytest.raises(UserError, match="a box with bounds"):
        Squashed(Box((1,)))
    assert policy(Discrete(3), Heads("squashed")).networks["all"].distribution.outputs == 3
