"""Each trial of `marl plugins check` can fire: a thing that breaks one promise is told of it."""

from __future__ import annotations

import importlib
import os
import sys

import pytest

from marl.cli.check import check_plugin
from marl.registry import load_registry

SOURCE = """
import numpy as np
from league.ratings import Rating
from league.schedules import Pairing
from marl import rng
from marl.policy import Acts
from marl.registry import Descriptor, hookimpl
from marl.space import Discrete
from league.schedules.round_robin import RoundRobin

MARL_API = ">=2,<3"


class Endless:
    def __init__(self, players, sides, seed):
        self.players = players

    def next(self, results):
        number = len(results)
        return [Pairing(f"{number + one}", tuple(self.players[:2]), one, 1) for one in range(2000)]

    def standing(self, results):
        return []


class Forgetful(RoundRobin):
    def next(self, results):
        due = super().next(results)
        self.asked = getattr(self, "asked", 0) + 1
        return due[:1] if due and self.asked > 1 else due and due[:2]


class Repeating(RoundRobin):
    def next(self, results):
        return super().next([])


class Upside:
    def fit(self, results):
        sums = {}
        for result in results:
            for player, score in zip(result.players, result.scores):
                sums[player] = sums.get(player, 0) - score
        return {player: Rating.around(value, 1.0, 1) for player, value in sums.items()}


class Half:
    def __call__(self, payoffs):
        return [np.full(n, 0.5) for n in payoffs.sizes]


class Boastful:
    def __init__(self, spec, snapshot=None):
        self.shares = [0.9, 0.1]

    def memory(self, rows):
        return None

    def act(self, rows, memory, keys):
        action = rng.choose(keys, np.tile([0.6, 0.4], (len(rows), 1)))
        return Acts(action, np.log(np.array(self.shares))[action])


class Certain(Boastful):
    def __init__(self, spec, snapshot=None):
        self.shares = [1.0, 1.0]


class Moody(Boastful):
    def act(self, rows, memory, keys):
        return Acts(np.random.randint(0, 2, len(rows)), np.log(np.full(len(rows), 0.5)))


def _all(*names):
    return [Descriptor(name.lower(), f"trial_faults:{name}", "breaks a promise") for name in names]


@hookimpl
def league_schedules():
    return _all("Endless", "Forgetful", "Repeating")


@hookimpl
def league_ratings():
    return _all("Upside")


@hookimpl
def league_metasolvers():
    return _all("Half")


@hookimpl
def marl_policies():
    return _all("Boastful", "Certain", "Moody")
"""
SAID = {
    "endless": "still asks for matches after",
    "forgetful": "what it asks for may follow from the results alone",
    "repeating": "asks",
    "upside": "rates who wins four of five matches at",
    "half": "a distribution for each side",
    "boastful": "does not play what it claims (exp of logp): 0 with 0.9 and played it in 0.59",
    "certain": "claims probabilities that sum to 2",
    "moody": "acts otherwise when it is asked again with the same keys",
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """The messages of the failures of the plugin above, by name."""
    patch, file = pytest.MonkeyPatch(), tmp_path_factory.mktemp("faults") / "trial_faults.py"
    file.write_text(SOURCE)
    patch.setattr(sys, "path", list(sys.path))
    patch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    patch.setenv("MARL_PLUGIN_DIR", str(file))
    patch.delitem(sys.modules, "trial_faults", raising=False)  # of an earlier folder: a worker may come here twice
    registry = load_registry()
    found = list(check_plugin(registry, registry.plugin("trial_faults")))
    patch.undo()
    return {one.subject.partition("/")[2].partition(" ")[0]: one.message for one in found if one.status == "fail"}


@pytest.mark.parametrize("name", SAID)
def test_what_breaks_a_promise_is_told(name, failed):
    assert SAID[name] in failed[name]


@pytest.mark.parametrize("kind", ["schedules", "ratings", "metasolvers"])
def test_those_of_the_league_keep_their_promises(kind):
    registry = load_registry()
    module, _, name = registry.kinds[kind].trial.partition(":")
    for one in registry.all(kind):
        if one.plugin == "league":
            assert getattr(importlib.import_module(module), name)(registry, one.full_name, {}) == "", one.full_name
