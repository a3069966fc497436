"""Networks: every kind of observation, memories, and what they compute by different roads."""

import numpy as np
import pytest
import torch

from marl import rng, space
from marl.errors import UserError
from marl.space import Box, Discrete, MultiDiscrete, Tree
from marl.training.networks import ModelConfig, Network
from marl.training.networks.dense import ACTIVATIONS, MLP
from marl.training.networks.fused import rounded

KINDS = ["mlp", "cnn", "gru", "lstm"]
TREE = Tree({"image": Box((3, 5, 4), 0, 255, "uint8"), "kind": Discrete(3), "parts": MultiDiscrete((2, 3))})


def _seen(observation, rows, seed=0):
    batch = space.sample(observation, rng.mix(seed, np.arange(rows)))
    return {k: torch.from_numpy(v) for k, v in batch.items()} if isinstance(batch, dict) else torch.from_numpy(batch)


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_have_their_shapes(kind):
    network = Network(TREE, Discrete(4), ModelConfig(kind=kind, memory=8))
    out = network(_seen(TREE, 70), torch.ones(70, 4, dtype=torch.bool))
    assert (out.inputs.shape, out.value.shape) == ((70, 4), (70,))
    assert network.memory_size == {"gru": 8, "lstm": 16}.get(kind, 0)
    assert (out.memory is None) if kind in ("mlp", "cnn") else out.memory.shape == (70, network.memory_size)


def test_discrete_observations_are_one_hot():
    network = Network(Tree({"a": Discrete(2), "b": MultiDiscrete((2, 3))}), Discrete(2), ModelConfig(hidden=[]))
    seen = {"a": torch.tensor([1]), "b": torch.tensor([[0, 2]])}
    assert network.encoder(seen).tolist() == [[0, 1, 1, 0, 0, 0, 1]]


@pytest.mark.parametrize(("high", "seen"), [(255, 0.2), (51, 1.0), (1, 51.0), (np.inf, 0.2)])
def test_bytes_are_scaled_by_their_bound(high, seen):
    network = Network(Box((1,), 0, high, "uint8"), Discrete(2), ModelConfig(hidden=[]))
    assert network.encoder(torch.tensor([[51]], dtype=torch.uint8)).item() == pytest.approx(seen)


def test_channels_may_come_first_or_last():
    first = Network(Box((3, 5, 4)), Discrete(2), ModelConfig(kind="cnn"))
    last = Network(Box((5, 4, 3)), Discrete(2), ModelConfig(kind="cnn", layout="hwc"))
    last.load_state_dict(first.state_dict())
    image = torch.randn(6, 3, 5, 4)
    torch.testing.assert_close(last(image.permute(0, 2, 3, 1)).inputs, first(image).inputs)


def test_a_convolution_sees_where_things_are_and_the_rest_too():
    network = Network(TREE, Discrete(4), ModelConfig(kind="cnn", strides=[2, 1]))
    seen = _seen(TREE, 20)
    for name in seen:
        other = {**seen, name: torch.zeros_like(seen[name])}
        assert not torch.equal(network(other).value, network(seen).value), name


def test_illegal_logits_are_far_below():
    network = Network(Box((3,)), Discrete(3), ModelConfig())
    inputs = network(torch.randn(2, 3), torch.tensor([[True, False, True], [False, False, True]])).inputs
    assert inputs[0, 1] == inputs[1, 0] == -1e9
    assert inputs[0, 0] > -10


def test_a_new_policy_is_nearly_uniform_and_unlike_its_value():
    out = Network(Box((20,)), Discrete(5), ModelConfig(hidden=[128, 128]))(torch.randn(50, 20))
    assert (out.inputs.softmax(1) - 0.2).abs().max() < 0.02
    assert out.value.std() > 0.1


def test_a_separate_value_learns_without_touching_the_policy():
    network = Network(Box((4,)), Discrete(2), ModelConfig(separate_value=True))
    network(torch.randn(8, 4)).value.sum().backward()
    assert all(parameter.grad is None for parameter in network.encoder.parameters())
    assert all(parameter.grad is not None for parameter in network.value_encoder.parameters())


def test_the_spread_of_real_actions_is_learnt_and_does_not_depend_on_what_is_seen():
    network = Network(Box((4,)), Box((2,), -1, 1), ModelConfig())
    inputs = network(torch.randn(9, 4)).inputs
    assert inputs[:, 2:].tolist() == [[0.0, 0.0]] * 9
    inputs[:, 2:].sum().backward()
    assert network.free.grad.tolist() == [9.0, 9.0]


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_unrolling_is_stepping_with_memories_cleared(kind):
    torch.manual_seed(0)
    network = Network(Box((4,)), Discrete(3), ModelConfig(kind=kind, memory=8))
    seen, mask = torch.randn(5, 7, 4), torch.rand(5, 7, 3) < 0.7
    first, start = torch.rand(5, 7) < 0.2, torch.randn(5, network.memory_size)
    out, memory = network.unroll(seen, mask, start, first), start
    for step in range(7):
        one = network(seen[:, step], mask[:, step], memory.masked_fill(first[:, step, None], 0))
        torch.testing.assert_close(out.inputs[:, step], one.inputs)
        torch.testing.assert_close(out.value[:, step], one.value)
        memory = one.memory
    torch.testing.assert_close(out.memory, memory)


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_unrolling_without_a_memory_is_each_step_by_itself(kind):
    network = Network(TREE, Discrete(4), ModelConfig(kind=kind))
    flat = _seen(TREE, 6)
    out = network.unroll({k: v.reshape(2, 3, *v.shape[1:]) for k, v in flat.items()}, None, None, None)
    torch.testing.assert_close(out.inputs, network(flat).inputs.reshape(2, 3, 4))
    assert out.memory is None


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("rows", [3, 64, 333])
def test_playing_and_learning_compute_the_same(activation, rows):
    layers, x = MLP(10, [32, 16], activation), torch.randn(rows, 10)
    plain = x
    for layer in layers.layers:
        plain = ACTIVATIONS[activation](layer(plain))
    with torch.inference_mode():
        torch.testing.assert_close(layers(x), plain, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(layers(x), plain, rtol=1e-5, atol=1e-5)
    wanted = torch.autograd.grad(plain.square().sum(), [*layers.parameters()])
    got = torch.autograd.grad(layers(x).square().sum(), [*layers.parameters()])
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_the_gradient_reaches_what_is_seen():
    layers, x = MLP(10, [16], "tanh"), torch.randn(80, 10, requires_grad=True)
    (got,) = torch.autograd.grad(layers(x).sum(), x)
    (wanted,) = torch.autograd.grad(torch.tanh(layers.layers[0](x)).sum(), x)
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)


def test_few_different_numbers_of_rows_are_computed():
    sizes = {rows: len(rounded(torch.zeros(rows, 1))) for rows in range(64, 4097)}
    assert all(rows <= size <= rows * 1.13 + 8 for rows, size in sizes.items())
    assert len(set(sizes.values())) < 60


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"hidden": [0]}, "hidden must be positive"),
        ({"channels": [1, 2, 3]}, "equally many"),
        ({"kind": "gru", "separate_value": True}, "share one memory"),
        ({"memory": 0}, "memory must be positive"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        ModelConfig(**wrong)


def test_a_cnn_needs_an_image():
    with pytest.raises(UserError, match="needs an observation of three axes"):
        Network(Box((4,)), Discrete(2), ModelConfig(kind="cnn"))
