"""Prioritised fictitious self-play: whom its learners meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from league.manager import Manager
from league.strategies.priorities import Weighting, chances, weights
from marl.errors import UserError

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]
EXACT = "strategy: {name: pfsp, algorithm: league/best_response}\nworkers: 2\n"


@pytest.mark.parametrize(
    ("weighting", "power", "expected"),
    [
        ("hard", 1.0, [1.0, 0.5, 0.25, 0.0]),
        ("hard", 2.0, [1.0, 0.25, 0.0625, 0.0]),
        ("variance", 1.0, [0.0, 0.25, 0.1875, 0.0]),
        ("linear", 9.0, [1.0, 0.5, 0.25, 0.0]),
        ("capped", 9.0, [0.5, 0.5, 0.25, 0.0]),
    ],
)
def test_the_weights_are_those_of_the_paper(weighting: Weighting, power: float, expected: list[float]) -> None:
    chance = chances(np.array([-2.0, 0.0, 1.0, 2.0]), 2.0)
    np.testing.assert_allclose(weights(weighting, chance, power), expected)


def test_in_a_symmetric_game_learners_meet_everyone_by_hand(league: Make) -> None:
    """Rock founds; the first answers are paper, twice the same; paper loses to none of them, scissors would."""
    text = "env: classic/rock_paper_scissors\nstop: {iterations: 2}\n" + EXACT.replace(
        "pfsp,", "pfsp, founder: marl/first,"
    )
    manager = league(text)
    list(manager.run())
    view = manager.view()
    rock, *papers = view.players
    assert [player.lineage for player in papers] == ["learner_0", "learner_1"]
    assert papers[0].snapshot == papers[1].snapshot != rock.snapshot
    assert view.iterations[-1].mixtures == ((0, 0.5, 0.5),)
    orders = manager.strategy.next(view, [])
    assert [order.lineage for order in orders] == ["learner_0", "learner_1"]
    for order in orders:  # paper beats rock for sure, and draws with itself: (1 - 1)^2 and (1 - 1/2)^2
        assert order.job.opponents == ((), ((papers[0].snapshot, 1.0),))
    assert manager.strategy.next(view, orders) == []
    assert manager.strategy.next(view, orders[1:]) == [orders[0]]


def test_learners_take_the_sides_in_turn_and_meet_all_that_is_opposite(league: Make) -> None:
    manager = league("env: classic/kuhn_poker\nstop: {iterations: 8}\n" + EXACT)
    list(manager.run())
    view = manager.view()
    assert [player.lineage for player in view.populations[0]] == ["", *["learner_0"] * 4]
    assert [player.lineage for player in view.populations[1]] == ["", *["learner_1"] * 4]
    assert view.iterations[-1].mixtures == ((0, 0, 0, 0, 1), (0, 0, 0, 0, 1))
    (first, second) = manager.strategy.next(view, [])
    assert (first.job.side, second.job.side) == (0, 1)
    assert {id for id, _ in first.job.opponents[1]} <= {player.snapshot for player in view.populations[1]}
    newest = view.payoffs[0][-1]  # of learner 0 against everyone
    chance = np.clip((1 + newest) / 2, 0, 1)
    weights = {}
    for player, share in zip(view.populations[1], (1 - chance) ** 2, strict=True):
        weights.setdefault(player.snapshot, share)
    total = sum(weights.values())
    assert dict(first.job.opponents[1]) == pytest.approx({id: w / total for id, w in weights.items() if w > 0})


def test_learners_may_have_algorithms_of_their_own(league: Make) -> None:
    pytest.importorskip("marl_tabular", reason="needs another algorithm, marl-tabular's")
    others = "others: [{name: tabular/xfp, iterations: 3}], lineages: 3"
    several = EXACT.replace("best_response}", f"best_response, {others}}}")
    manager = league("env: classic/rock_paper_scissors\nstop: {iterations: 1}\n" + several)
    list(manager.run())
    orders = manager.strategy.next(manager.view(), [])
    assert [order.job.algorithm for order in orders] == ["league/best_response", "tabular/xfp", "league/best_response"]
    assert orders[1].job.params["iterations"] == 3


def test_a_game_of_three_is_refused(league: Make) -> None:
    with pytest.raises(UserError, match="needs a zero-sum game of two sides"):
        league("env: {name: classic/kuhn_poker, players: 3}\n" + EXACT)
