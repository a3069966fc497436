"""Each trial of `marl plugins check` can fire: a thing that breaks one promise is told of it."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import find_spec

import pytest

from marl.cli.check import check_plugin
from marl.registry import load_registry

SOURCE = """
import numpy as np
from league.orders import Order
from league.ratings import Rating
from league.schedules import Pairing
from league.strategies.founders import founders_of
from marl import rng
from marl.algorithm import Checkpoint, Trained
from marl.errors import UserError
from marl.job import Job
from marl.policy import Acts
from marl.registry import Component, Descriptor, hookimpl
from marl.snapshot import Snapshot
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


class Learner:  # what it learns is how often it plays 0
    def share(self, job, services):
        return 0.9

    def train(self, job, services):
        if len(job.sides) > 1:
            raise UserError("not against itself")
        share = np.array([self.share(job, services)])
        return Trained(Snapshot("trial_faults/coin", {"share": share}), Checkpoint({"share": share}))


class Whimsical(Learner):
    def share(self, job, services):
        return float(np.random.uniform())


class Amnesiac(Learner):
    def share(self, job, services):
        return 0.9 if job.parent is None else float(np.random.uniform())


class Idle(Learner):
    def share(self, job, services):
        return 0.2


class Illegal(Learner):
    def share(self, job, services):
        return -1.0


class Rude(Learner):
    def train(self, job, services):
        return "nothing"


class Coin:
    def __init__(self, spec, snapshot=None):
        self.share = 0.5 if snapshot is None else float(snapshot.arrays["share"][0])

    def memory(self, rows):
        return None

    def act(self, rows, memory, keys):
        if self.share < 0:
            return Acts(np.full(len(rows), 7), np.zeros(len(rows)))
        chances = np.tile([self.share, 1 - self.share], (len(rows), 1))
        action = rng.choose(keys, chances)
        return Acts(action, np.log(chances[np.arange(len(rows)), action]))


class Stubborn:  # counts for itself how often it was asked
    def __init__(self, registry):
        self.registry, self.asked = registry, 0

    def founders(self, spec):
        return founders_of(Component("marl/random"), spec, self.registry)

    def next(self, view, running):
        if running:
            return []
        self.asked += 1
        side = 0 if self.asked < 4 else 1
        mixtures = [tuple((p.snapshot, 1 / len(players)) for p in players) for players in view.populations]
        opponents = tuple(() if other == side else mixture for other, mixture in enumerate(mixtures))
        return [Order(Job("league/best_response", side, opponents, seed=self.asked), view.sides[side], keep="always")]

    def mixtures(self, view):
        return [(1 / len(players),) * len(players) for players in view.populations]


class Lopsided(Stubborn):
    def mixtures(self, view):
        return [(1.0,) * len(players) for players in view.populations]


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
    return _all("Boastful", "Certain", "Moody", "Coin")


@hookimpl
def marl_algorithms():
    return _all("Learner", "Whimsical", "Amnesiac", "Idle", "Illegal", "Rude")


@hookimpl
def league_strategies():
    return _all("Stubborn", "Lopsided")
"""
SAID = {
    "endless": "still asks for matches after",
    "forgetful": "what it asks for may follow from the results alone",
    "repeating": "asks",
    "upside": "rates who wins four of five matches at",
    "half": "a distribution for each side",
    "boastful": "does not play what it claims (exp of logp): 0 with 0.9 and played it in 0.59",
    "certain": "claims probabilities that sum to 2",
    "whimsical": "makes something else of the same job the second time",
    "amnesiac": "goes on in two ways from the same checkpoint",
    "idle": "earns 0.2",
    "illegal": "it must go by the masks",
    "rude": "train(job, services)",
    "stubborn": "decides otherwise in a league that begins again from its ledger",
    "lopsided": "mixtures",
    "moody": "acts otherwise when it is asked again with the same keys",
}


IN_GAMES = ("whimsical", "amnesiac", "idle", "illegal", "rude", "stubborn", "lopsided")  # of marl-classic


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
    told = [one for one in found if one.status in ("fail", "warn")]
    return {one.subject.partition("/")[2].partition(" ")[0]: one.message for one in told}


@pytest.mark.parametrize("name", SAID)
def test_what_breaks_a_promise_is_told(name, failed):
    if name in IN_GAMES and find_spec("marl_classic") is None:
        pytest.skip("its games are of marl-classic")
    assert SAID[name] in failed[name]


def test_an_algorithm_that_keeps_its_promises_passes(failed):
    assert "learner" not in failed


@pytest.mark.parametrize("kind", ["schedules", "ratings", "metasolvers"])
def test_those_of_the_league_keep_their_promises(kind):
    registry = load_registry()
    module, _, name = registry.kinds[kind].trial.partition(":")
    for one in registry.all(kind):
        if one.plugin == "league":
            assert getattr(importlib.import_module(module), name)(registry, one.full_name, {}) == "", one.full_name
