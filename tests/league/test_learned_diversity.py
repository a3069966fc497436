"""Diverse best responses that any algorithm learns: whom they aim at, what comes of it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from league.diversity import Gain
from league.hookspecs import DIVERSITIES
from league.manager import Manager
from league.oracles.learned_diverse_response import aimed, behaves
from marl.errors import UserError
from marl.registry import load_registry

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]
DRAWS = np.random.default_rng(20).normal(size=(8, 8))
GAME = f"env: {{name: classic/matrix, payoffs: {json.dumps(((DRAWS - DRAWS.T) / 2).tolist())}}}\n"
ORACLE = "{name: learned_diverse_response, learner: league/best_response, matches: 2, weight: %g}"
DIVERSE = GAME + f"strategy: {{name: diverse_psro, founder: marl/first, oracle: {ORACLE}}}\n"


def test_who_is_worth_more_to_beat_is_met_more_often() -> None:
    mixture = np.array([0.5, 0.5, 0.0])
    found = aimed(mixture, Gain(0.0, np.array([0.0, -2.0, 1.0]), np.zeros(1)), 0.5)
    np.testing.assert_allclose(found, [0.5, 0.0, 0.5])
    assert not aimed(np.array([1.0]), Gain(0.0, np.array([-9.0]), np.zeros(1)), 1.0).any()


def test_measures_that_look_at_behaviour_are_told_apart() -> None:
    registry = load_registry()
    found = {
        name: behaves(registry.make(DIVERSITIES, f"league/{name}", params))
        for name, params in {"cardinality": {}, "policy_space": {}, "behaviour_response": {}}.items()
    }
    assert found == {"cardinality": False, "policy_space": True, "behaviour_response": True}
    assert not behaves(registry.make(DIVERSITIES, "league/behaviour_response", {"behaviour": 0.0}))


def test_it_is_worth_more_than_the_plain_response_and_resumes_to_the_bit(league: Make) -> None:
    weight = 3.0
    found: dict[float, Any] = {}
    for given in (0.0, weight):
        manager = league(DIVERSE % given + "stop: {iterations: 3}\n", run=f"run{given:g}")
        list(manager.run())
        found[given] = manager.view()
    plain, diverse = (found[given].lineages["player"].metrics for given in (0.0, weight))
    assert [one.snapshot for one in found[0.0].players[:3]] == [one.snapshot for one in found[weight].players[:3]]
    assert diverse["value"] < plain["value"] and diverse["diversity"] > plain["diversity"]
    assert (plain["value"], diverse["value"]) == pytest.approx((0.10139, 0.06258), abs=1e-5)  # by hand, on the table

    text = DIVERSE % weight + "stop: {iterations: 5}\n"
    whole = league(text, run="whole")
    list(whole.run())
    run = league(text, run="cut").run()
    for _ in range(3):
        next(run)
    again = league(text, run="cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


def test_without_weight_it_is_psro(league: Make) -> None:
    psro = GAME + "strategy: {name: psro, founder: marl/first}\n"
    ends = []
    for number, text in enumerate((DIVERSE % 0, psro)):
        manager = league(text + "stop: {iterations: 6}\n", run=f"run{number}")
        list(manager.run())
        ends.append([one.snapshot for one in manager.view().players])
    assert ends[0] == ends[1]


def test_what_matches_do_not_tell_is_refused_with_what_would_be_right(league: Make) -> None:
    text = (DIVERSE % 1).replace("matches: 2", "matches: 2, diversity: policy_space")
    with pytest.raises(UserError, match="which the tree of a small game alone tells: there league/diverse_response"):
        list(league(text + "stop: {iterations: 2}\n").run())
    text = f"env: classic/kuhn_poker\nstrategy: {{name: psro, oracle: {ORACLE % 1}}}\n"
    with pytest.raises(UserError, match="use it with league/diverse_psro"):
        list(league(text, run="psro").run())
