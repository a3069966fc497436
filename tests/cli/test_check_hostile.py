"""What ends the process, or never ends, while `marl plugins check` tries it is told of; the rest is checked."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from marl.cli.plugins import app
from marl.registry import load_registry

SOURCE = """
import os, sys, time
import numpy as np
from marl.env import EnvSpec, Group
from marl.games import Match, OneByOne, Outcome, View
from marl.policy import Acts
from marl.registry import Descriptor, hookimpl
from marl.space import Box, Discrete

MARL_API = ">=2,<3"


class Leaves:
    def __init__(self, spec, snapshot=None):
        self.spec = spec

    def memory(self, rows):
        return None

    def act(self, rows, memory, keys):
        self.misbehave(rows)
        return Acts(np.zeros(len(rows), int), np.zeros(len(rows)))

    def misbehave(self, rows):
        sys.exit(0)


class Kills(Leaves):
    def misbehave(self, rows):
        os._exit(0)


class Hangs(Leaves):
    def misbehave(self, rows):
        time.sleep(3600)


class Vectors(Leaves):
    def act(self, rows, memory, keys):
        return Acts(np.zeros((len(rows), 2), int), np.zeros(len(rows)))


class Cheats(Leaves):
    def act(self, rows, memory, keys):
        return Acts(np.full(len(rows), 7), np.zeros(len(rows)))


class Rare(Match):
    steps = 0

    def start(self):
        self.ticks = 0

    def observe(self, agent):
        return np.zeros(1, np.float32)

    def views(self):
        return {0: View(self.observe(0), np.ones(2, bool))}

    def play(self, actions):
        Rare.steps += 1
        self.ticks += 1
        if Rare.steps % 2000 == 0:
            raise RuntimeError("once in two thousand steps")
        return Outcome(rewards={0: 1.0}, done=self.ticks == 5)


def rare(lanes):
    group = Group("g", (0,), Box((1,), 0, 1), Discrete(2))
    return OneByOne(EnvSpec(("a",), (group,), ((0,),), "turns", 5, (0, 5)), lanes, Rare)


class Fine(Leaves):
    def misbehave(self, rows):
        pass


@hookimpl
def marl_policies():
    names = ("Leaves", "Kills", "Hangs", "Vectors", "Cheats", "Fine")
    return [Descriptor(name.lower(), f"wild:{name}", "misbehaves") for name in names]


@hookimpl
def marl_environments():
    return [Descriptor("rare", "wild:rare", "misbehaves now and then")]
"""
SAID = {
    "leaves": "it raised SystemExit: 0",
    "kills": "it called os._exit(0), which would end the process",
    "hangs": "it took longer than 0.5 seconds",
    "vectors": "policy Vectors (plugin 'wild' of wild.py) answered 8 rows of group 'players' with int64[8, 2]",
    "cheats": "wild/cheats plays 7 where the actions are 0 to 1",
    "rare": "the environment raised RuntimeError: once in two thousand steps (wild.py, line",
    "fine": "",
}


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wild")
    (folder / "wild.py").write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MARL_PLUGIN_DIR", str(folder))
        patched.setenv("PYTHONPATH", "")
        patched.setattr(sys, "path", list(sys.path))
        load_registry()  # with all the time that it takes

        def check(name: str) -> list[str]:
            done = CliRunner().invoke(app, ["check", f"wild/{name}", "--json"], catch_exceptions=False)
            found = json.loads(done.stdout)
            assert done.exit_code == any(one["status"] == "fail" for one in found)
            assert {one["check"] for one in found} > {"target", "parameters"}
            return [one["message"] for one in found if one["status"] == "fail"]

        yield check
    sys.modules.pop("wild", None)


@pytest.mark.parametrize("name", SAID)
def test_each_is_told_of(name, check, monkeypatch):
    if name == "hangs":
        monkeypatch.setenv("MARL_PLUGIN_TIMEOUT", "0.025")
    failed = check(name)
    assert len(failed) == bool(SAID[name]) and SAID[name] in "".join(failed), failed
