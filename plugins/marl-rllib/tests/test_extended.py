"""What another plugin adds to PPO without retyping it: a loss of its own, and a network of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from league.services import LeagueServices
from marl.blobs import Blobs
from marl.errors import RunError, UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, load_registry
from marl.scenario import Component

SOURCE = """
from dataclasses import dataclass

import torch
from marl.registry import Descriptor, hookimpl
from marl.training.networks.bodies import Body

MARL_API = ">=2,<3"


@hookimpl
def marl_losses():
    yield Descriptor("recall", "extra:Recall", "features tell what was seen", params="extra:RecallParams")
    yield Descriptor("broken", "extra:Broken", "fails")


@hookimpl
def marl_models():
    yield Descriptor("gated", "extra:gated", "products of two layers", params="extra:GatedParams")


@dataclass
class RecallParams:
    weight: float = 1.0


class Recall:
    def __init__(self, params=None):
        self.params = params or RecallParams()

    def make(self, network):
        return {"decoder": torch.nn.Linear(network.policy_head.in_features, network.observation.shape[0])}

    def loss(self, modules, batch, features):
        error = (modules["decoder"](features) - batch["observation"].float()).square().mean()
        return self.params.weight * error, {"error": error}


class Broken(Recall):
    def __init__(self):
        super().__init__()

    def loss(self, modules, batch, features):
        return batch["nothing"]


@dataclass
class GatedParams:
    width: int = 16


class Gated(torch.nn.Module):
    def __init__(self, inputs, size):
        super().__init__()
        self.size = size
        self.one, self.other = torch.nn.Linear(inputs, size), torch.nn.Linear(inputs, size)

    def forward(self, observation):
        seen = observation.float()
        return self.one(seen).tanh() * self.other(seen).sigmoid()


def gated(observation, params):
    return Body(Gated(observation.shape[0], params.width))
"""


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LeagueServices]:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic, for Kuhn poker")
    (tmp_path / "extra.py").write_text(SOURCE)
    info = tmp_path / "extra-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: extra\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[marl]\nextra = extra\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("marl.registry.load._loaded", {})  # this process may know what was installed before
    yield LeagueServices(load_registry(), Component("classic/kuhn_poker", {}), Blobs(tmp_path / "b"))
    sys.modules.pop("extra", None)


def trained(services: LeagueServices, name: str = "ppo", parent: str | None = None, **params: Any) -> Any:
    small = {"env_steps": 400, "lanes": 8, "rows": 128, "model": {"hidden": [8]}, "horizon": 1000}
    algorithm = load_registry().make(ALGORITHMS, f"rllib/{name}", {**small, **params})
    return algorithm.train(Job(f"rllib/{name}", 0, ((), ((SELF, 1.0),)), 1, parent), services)


RECALL = {"name": "extra/recall", "weight": 1.0}


def test_a_loss_of_another_plugin_is_added_learned_and_logged(services: LeagueServices) -> None:
    plain, more = trained(services), trained(services, auxiliary=[RECALL], env_steps=4000, lr=1e-2)
    assert "recall" not in plain.metrics and more.metrics["recall"] == more.metrics["recall_error"] < 0.1
    assert set(more.snapshot.arrays) == set(plain.snapshot.arrays)
    assert any(name.startswith("critics/players/recall-decoder") for name in more.checkpoint.arrays)


@pytest.mark.parametrize("name", ["ppo", "dqn"])
def test_it_goes_on_to_the_bit(services: LeagueServices, name: str) -> None:
    params = {"auxiliary": [RECALL], "learning_starts": 64} if name == "dqn" else {"auxiliary": [RECALL]}
    parent = services.blobs.put_checkpoint(trained(services, name, **params).checkpoint)
    one, other = (trained(services, name, parent, **params).checkpoint.arrays for _ in range(2))
    assert all(array.tobytes() == other[key].tobytes() for key, array in one.items())


def test_a_broken_loss_is_blamed(services: LeagueServices) -> None:
    with pytest.raises(RunError, match=r"loss 'extra/broken' \(plugin 'extra' of extra 1.0\) failed in loss\("):
        trained(services, auxiliary=["extra/broken"])
    with pytest.raises(UserError, match="two losses are called 'recall'"):
        trained(services, auxiliary=[RECALL, RECALL])


def test_a_network_of_another_plugin_plays_learns_and_is_stored(services: LeagueServices) -> None:
    model = {"kind": "extra/gated", "params": {"width": 24}}
    outcome = trained(services, model=model)
    assert outcome.snapshot.arrays["players/encoder.one.weight"].shape[0] == 24
    policy = services.policy(services.blobs.put_snapshot(outcome.snapshot))
    assert np.isfinite(outcome.metrics["loss"]) and policy.snapshot().id == outcome.snapshot.id


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"kind": "gro"}, "model.kind: unknown model 'gro'; did you mean 'gru'"),
        ({"kind": "extra/gated", "params": {"wide": 1}}, "wide"),
        ({"kind": "extra/recall"}, "'extra/recall' is a loss, not a model"),
    ],
)
def test_a_model_that_is_none_is_a_sentence(services: LeagueServices, model: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        trained(services, model=model)
