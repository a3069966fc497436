"""`marl plugins check` lets models, losses, rewards and measures do their work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("marl_rllib", reason="needs the plugin marl-rllib")
pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

SOURCE = """
import torch

from league.measures import About, Value
from marl.env import Frame
from marl.games import OneAgent, one_agent_spec
from marl.registry import Descriptor, hookimpl
from marl.space import Box, Discrete
import numpy as np

MARL_API = ">=2,<3"


class Walk(OneAgent):
    worst = -1.0

    def __init__(self, lanes):
        super().__init__(one_agent_spec(Box((3,), 0, 1), Discrete(2), 4, (-4, 4)), lanes)

    def fields(self):
        return {}

    def begin(self, lanes):
        pass

    def play(self, lanes, actions):
        return actions * 1.0, np.zeros(len(lanes), bool), False

    def observe(self, lanes):
        return np.ones((len(lanes), 3), np.float32)

    def render(self, lane):
        return Frame("walk", "")


class Loss:
    def make(self, network):
        return {}

    def loss(self, modules, batch, features):
        return features.mean(), {}


class Vector(Loss):
    def loss(self, modules, batch, features):
        return features.mean(1), {}


class Bonus:
    channels = {"bonus": "for being there"}

    def __init__(self, spec):
        if spec.groups[0].observation.shape != (3,):
            raise ValueError("it is for walks")

    def __call__(self, window):
        return {"bonus": self.paid(window)}

    def paid(self, window):
        return np.ones(len(window))


class Lost(Bonus):
    def paid(self, window):
        return self.nothing


class Nowhere(Bonus):
    def __init__(self, spec):
        raise ValueError("it is for no game")


class Count:
    about = About("Count", "How many players.")

    def measure(self, view, services):
        return Value.exact(len(view.players))


class Silent(Count):
    def measure(self, view, services):
        return None


class Unwritten(Count):
    def measure(self, view, services):
        raise NotImplementedError


class Restless(Count):
    def measure(self, view, services):
        return Value.exact(float(np.random.uniform()))


def described(*classes):
    return [Descriptor(one.__name__.lower(), f"trial:{one.__name__}", "one") for one in classes]


@hookimpl
def marl_environments():
    return described(Walk)


@hookimpl
def marl_losses():
    return described(Loss, Vector)


@hookimpl
def marl_rewards():
    return described(Bonus, Lost, Nowhere)


@hookimpl
def league_measures():
    return described(Count, Silent, Unwritten, Restless)
"""
MODELS = """

from marl.training.networks.bodies import Body


class Encoder(torch.nn.Module):
    def __init__(self, space):
        super().__init__()
        self.size, self.linear = 8, torch.nn.Linear(space.shape[0], 8)

    def forward(self, observation):
        return self.linear(observation.float())


class Narrow(Encoder):
    def forward(self, observation):
        return self.linear(observation["entities"])


class Mixing(Encoder):
    def forward(self, observation):
        features = self.linear(observation.float())
        return features - features.mean(0)


class Core(torch.nn.Module):
    def __init__(self, clears):
        super().__init__()
        self.size, self.memory_size, self.clears = 8, 8, clears

    def forward(self, x, memory):
        return self.unroll(x, memory, torch.zeros(x.shape[:2], dtype=torch.bool))

    def unroll(self, x, memory, first):
        out = []
        for step in range(x.shape[1]):
            memory = memory.masked_fill(first[:, step, None], 0.0) if self.clears else memory
            memory = 0.5 * memory + x[:, step]
            out.append(memory)
        return torch.stack(out, 1), memory


def net(observation):
    return Body(Encoder(observation))


def mixing(observation):
    return Body(Mixing(observation))


def heedful(observation):
    return Body(Encoder(observation), Core(True))


def sticky(observation):
    return Body(Encoder(observation), Core(False))


def lame(observation):
    return Body(Narrow(observation))


@hookimpl
def marl_models():
    return [Descriptor(name, f"trial:{name}", "one") for name in ("net", "lame", "mixing", "heedful", "sticky")]
"""


@pytest.fixture
def python(warm: Path) -> str:
    return str(warm / "python")


def test_what_fails_in_use_fails_the_check_and_what_nothing_suits_is_a_warning(marl, tmp_path: Path) -> None:
    info = tmp_path / "site" / "trial-0.1.dist-info"
    info.mkdir()
    (tmp_path / "site" / "trial.py").write_text(SOURCE + MODELS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: trial\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[marl]\ntrial = trial\n")
    findings = json.loads(marl("plugins", "check", "trial", "--json").stdout)
    worst = {one["subject"].partition(" ")[0]: one for one in findings if one["status"] in ("fail", "warn")}
    assert {name.removeprefix("trial/"): one["status"] for name, one in worst.items()} == {
        "vector": "fail",
        "lost": "fail",
        "nowhere": "warn",
        "silent": "warn",
        "unwritten": "fail",
        "restless": "fail",
        "lame": "fail",
        "mixing": "fail",
        "sticky": "fail",
    }
    assert "trial.py, line" in worst["trial/lost"]["message"] and "AttributeError" in worst["trial/lost"]["message"]
    assert "NotImplementedError" in worst["trial/unwritten"]["message"]
    assert "has other values in the same league" in worst["trial/restless"]["message"]
    assert "other features for a row when other rows are beside it" in worst["trial/mixing"]["message"]
    assert "remembers what was before a match in unroll" in worst["trial/sticky"]["message"]
    assert "it is for no game" in worst["trial/nowhere"]["message"]
    assert "it gave None after every iteration" in worst["trial/silent"]["message"]
    assert {one["check"] for one in findings if one["subject"] == "trial/net (model)"} >= {"learns"}
    shown = marl("plugins", "info", "trial/walk").stdout
    assert "player_0" in shown and "Box(shape=(3,)" in shown and "4 ticks at most" in shown
