"""Each trial of `marl plugins check` can fire: a thing that breaks one promise is told of it."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from marl.cli.check import check_plugin
from marl.registry import load_registry

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
    "slow": "times what a random one takes here",
    "hoarder": "goes on in two ways from the same checkpoint",
    "fixed": "makes the same of a job with another seed",
    "famished": "a collection may have no row of the agent that learns",
    "blind": "breaks the rules of a game in which one agent seldom acts: it must go by the masks",
    "alphabet": "where they are called otherwise",
    "undecided": "the second time",
    "ghosts": "rates 'nobody', who has not played",
    "optimist": "exactly 0.5 where both play at random: it is 0.125",
    "generous": "a zero-sum game: what all sides earn sums to 0",
    "ordered": "when it is asked in another order",
    "crowded": "when it is asked for nothing else",
    "guessing": "when it is asked again",
    "partial": "though both sides are alike",
    "echo": "that follow on 100 others the same results",
    "nothing": "lets a bot reach the network of the host; tier 2",
    "lax": "killed a bot, and a process of it, which left its session, goes on",
    "patient": "let `sleep 30` run on",
    "deaf": "ended with code 0 and said b''",
    "startled": "(after an update in which no match ended)",
    "lottery": "they follow from what it heard alone",
    "selective": "learns otherwise after it was saved and loaded",
    "forgets": "has other weights after it was saved and loaded",
    "chatty": "prints 'start",
    "strict": "failed in log('start', 0, ...)",
}


IN_GAMES = {  # of marl-classic
    *("whimsical", "amnesiac", "hoarder", "idle", "illegal", "rude", "fixed", "famished", "blind"),
    *("stubborn", "lopsided", "optimist", "generous", "ordered", "crowded", "guessing", "partial", "echo", "source"),
}
RIGHT = ("learner", "sampling", "coin", "source", "even", "tracker")


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """The messages of the failures of the plugin above, by name."""
    patch, file = pytest.MonkeyPatch(), tmp_path_factory.mktemp("faults") / "trial_faults.py"
    shutil.copy(Path(__file__).with_name("trial_faults.py"), file)
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


@pytest.mark.parametrize("name", RIGHT)
def test_what_keeps_its_promises_passes(name, failed):
    if name in IN_GAMES and find_spec("marl_classic") is None:
        pytest.skip("its games are of marl-classic")
    assert name not in failed


def test_a_sandbox_that_does_not_work_here_is_no_failure(failed):
    assert "away" not in failed
