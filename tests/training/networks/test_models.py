"""Models of plugins: looked up and checked when a scenario is loaded, and tried before anything is built on them."""

from __future__ import annotations

import sys

import pytest
import torch

from marl.errors import RunError, UserError
from marl.registry import MODELS, load_registry
from marl.registry.lenient import Lenient
from marl.registry.params import ParameterError, fill
from marl.space import Box, Discrete, Tree
from marl.training.hyper import Hyper
from marl.training.networks import ModelConfig, Network
from marl.training.networks.build import fresh
from marl.training.networks.trial import try_model

SOURCE = """
from dataclasses import dataclass

import torch
from marl.registry import Descriptor, hookimpl
from marl.training.networks.bodies import Body

MARL_API = ">=2,<3"
KINDS = "plain nothing bare sizeless wide keyless whole memory forgetful".split()


@hookimpl
def marl_models():
    return [Descriptor(kind, f"odd:{kind}", "a model", params="odd:Params") for kind in KINDS]


@dataclass
class Params:
    width: int = 4


class Plain(torch.nn.Module):
    def __init__(self, observation, width, size=None):
        super().__init__()
        self.size, self.layer = size or width, torch.nn.Linear(observation.shape[0], width)
        self.noise, self.shown = torch.nn.Dropout(0.5), None

    def forward(self, observation):
        self.shown = observation
        return self.noise(self.layer(observation.float()))


class Memory(torch.nn.Module):
    def __init__(self, given):
        super().__init__()
        self.size, self.memory_size, self.given = 4, 3, given

    def forward(self, x, memory):
        return x, memory[:, : self.given]

    def unroll(self, x, memory, first):
        return self(x, memory)


class Keyless(Plain):
    def forward(self, observation):
        return {}["walls"]


def plain(observation, params): return Body(Plain(observation, params.width))
def nothing(observation, params): return None
def bare(observation, params): return Plain(observation, params.width)
def sizeless(observation, params): return Body(torch.nn.Linear(3, 4))
def wide(observation, params): return Body(Plain(observation, params.width, 9))
def keyless(observation, params): return Body(Keyless(observation, params.width))
def whole(observation, params): return Body(torch.nn.Identity())
def memory(observation, params): return Body(Plain(observation, params.width), Memory(3))
def forgetful(observation, params): return Body(Plain(observation, params.width), Memory(2))
"""
SEEN = Box((3,), 1, 9)


@pytest.fixture(autouse=True)
def odd(tmp_path, monkeypatch):
    (tmp_path / "odd.py").write_text(SOURCE)
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[marl]\nodd = odd\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("marl.registry.load._loaded", {})
    yield
    sys.modules.pop("odd", None)


def loaded(finder=None, **model):
    return fill(ModelConfig, model, "algorithm.model", "algorithm.model", finder or load_registry())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("nothing", r"gave nothing \(None\) from target\(observation, params\).*Body\(encoder, core\) would be right"),
        ("bare", r"gave <class 'odd.Plain'>.*Body\(encoder, core\) would be right"),
        ("sizeless", "`size` of its encoder is missing"),
        ("whole", "`size` of its encoder is missing"),
        ("wide", r"gave a torch.float32 of \[2, 4\] from .*: a float tensor of \[2, 9\] would be right"),
        ("keyless", r"failed in forward\(observation\) of its encoder \(odd.py, line \d+\): KeyError: 'walls'"),
        ("forgetful", r"gave a torch.float32 of \[2, 2\] from forward\(x, memory\) .*of \[2, 3\] would be right"),
    ],
)
def test_a_wrong_model_is_named_before_anything_is_built_on_it(kind, words):
    with pytest.raises(RunError, match=rf"^model 'odd/{kind}' \(plugin 'odd' of odd 1.0\).*{words}"):
        try_model(SEEN, loaded(kind=f"odd/{kind}"))


@pytest.mark.parametrize("kind", ["plain", "memory"])
def test_a_trial_of_a_right_one_draws_nothing_that_others_draw(kind):
    state = torch.get_rng_state()
    try_model(SEEN, loaded(kind=kind))
    assert torch.equal(state, torch.get_rng_state())


def test_what_goes_wrong_later_is_said_of_the_plugin_too():
    network = Network(SEEN, Discrete(2), loaded(kind="odd/plain"))
    with pytest.raises(RunError, match=r"^model 'odd/plain' \(plugin 'odd' of odd 1.0\) failed in forward"):
        network(torch.zeros((2, 5)))


def test_short_names_are_enough_and_ours_keep_theirs():
    assert loaded(kind="plain").kind == "odd/plain"
    assert loaded(kind="marl/gru").kind == "gru" and loaded(kind="cnn").kind == "cnn"


@pytest.mark.parametrize(
    ("model", "path", "words"),
    [
        ({"kind": "plane"}, "kind", "unknown model 'plane'; did you mean 'plain'?"),
        (
            {"kind": "plain", "params": {"widht": 3}},
            "params.widht",
            "odd/plain has no key 'widht'; did you mean 'width'?",
        ),
        ({"kind": "plain", "params": {"width": "high"}}, "params.width", "an integer is needed"),
        ({"kind": "plain", "hidden": [512]}, "hidden", "no effect on odd/plain, whose parameters are `params`"),
        ({"kind": "plain", "memory": 8}, "memory", "no effect on odd/plain, whose parameters are `params`"),
        ({"kind": "mlp", "params": {"hidden": [8]}}, "params.hidden", "write what belongs to mlp beside `kind`"),
    ],
)
def test_a_wrong_name_or_parameter_is_told_with_its_key(model, path, words):
    with pytest.raises(ParameterError) as caught:
        loaded(**model)
    assert caught.value.path == f"algorithm.model.{path}" and words in str(caught.value)


def test_parameters_stay_as_they_are_written_for_jobs_and_snapshots_are_known_by_them():
    model = loaded(kind="plain", params={}, hidden=[64, 64])  # a resolved scenario holds what is so by default
    assert model.params == {} and model == ModelConfig(kind="odd/plain")


def test_a_model_that_is_gone_can_be_read():
    finder = Lenient(load_registry())
    assert loaded(finder, kind="gone/net", params={"depth": 3}, hidden=[512]).kind == "gone/net"
    assert finder.absent == ["algorithm.model.kind: unknown model 'gone/net': no plugin 'gone' is installed"]
    assert fill(Hyper, {"model": {"kind": "gone/net"}}, "algorithm", "x", finder).model.kind == "gone/net"
    with pytest.raises(UserError, match="no plugin 'gone' is installed"):
        loaded(kind="gone/net")


@pytest.mark.parametrize("kind", ["odd/plain", "mlp"])
def test_observations_are_normalised_before_any_body_sees_them(kind):
    network = fresh(SEEN, Discrete(2), loaded(kind=kind, normalise_observations=True), 0, "one").eval()
    network.normaliser.mean[:] = torch.tensor([1.0, 2.0, 3.0])
    network.normaliser.var[:] = 4.0
    shown = network.shown(torch.tensor([[5.0, 4.0, 99.0]]))
    assert shown.tolist() == [[2.0, 1.0, 10.0]]
    network(torch.tensor([[5.0, 4.0, 99.0]]))
    if kind == "odd/plain":
        assert network.encoder.shown.tolist() == [[2.0, 1.0, 10.0]]


def test_leaves_that_are_no_numbers_are_shown_as_they_are():
    space = Tree({"card": Discrete(3), "deep": Tree({"way": Box((2, 2))}), "image": Box((2,), 0, 255, "uint8")})
    network = Network(space, Discrete(2), ModelConfig(normalise_observations=True, hidden=[4]))
    network.normaliser.mean[3:7] = torch.arange(4.0)
    seen = {"card": torch.tensor([2]), "deep": {"way": torch.ones((1, 2, 2))}, "image": torch.tensor([[9, 8]]).byte()}
    shown = network.shown(seen)
    assert shown["card"] is seen["card"] and shown["image"] is seen["image"]
    assert shown["deep"]["way"].tolist() == [[[1.0, 0.0], [-1.0, -2.0]]] and seen["deep"]["way"].eq(1).all()


def test_our_kinds_say_which_parameters_they_take():
    registry = load_registry()
    names = {one.name: list(registry.schema(one).__dataclass_fields__) for one in registry.all(MODELS)}
    assert names["mlp"] == ["hidden", "activation"] and names["gru"] == names["lstm"] == [*names["mlp"], "memory"]
    assert names["cnn"] == [*names["mlp"], "channels", "kernels", "strides", "layout"]
