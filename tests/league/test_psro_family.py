"""Relatives of PSRO and self-play against the past, with exact best responses: where they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from league.iteration import Iteration
from league.manager import Manager
from league.payoffs import Payoffs
from league.player import Player
from league.strategies.psro import PSRO, Params
from league.view import LeagueView
from marl.errors import UserError
from marl.registry import load_registry

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]
ROCK = "env: classic/rock_paper_scissors\n"
CHICKEN = [[[6.0, 2.0], [7.0, 0.0]], [[6.0, 7.0], [2.0, 0.0]]]  # Aumann's (1974): swerve, dare


def exact(name: str, **params: Any) -> str:
    oracle = {"oracle": "league/best_response", "warm": False, "founder": "marl/first"}
    return f"strategy: {json.dumps({'name': name, **oracle, **params})}\n"


def ended_the_same_after_a_kill(league: Make, text: str, at: int) -> Manager:
    """The league, which was also left in the midst and begun again: both have the same ledger."""
    whole = league(text)
    list(whole.run())
    run = league(text, run="cut").run()
    for _ in range(at):
        next(run)
    again = league(text, run="cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()
    return whole


def test_against_the_whole_past_it_is_fictitious_play(league: Make) -> None:
    """By hand: rock, paper, paper again, ...: the best responses to (1, 0, 0), (1/2, 1/2, 0), (1/3, 2/3, 0)."""
    text = ROCK + exact("historical", delta=0) + "stop: {iterations: 12}\n"
    manager = ended_the_same_after_a_kill(league, text, 7)
    gaps = [one.measures["nash_conv"].value for one in manager.iterations]
    assert gaps[:3] == pytest.approx([2, 1, 2 / 3])
    assert gaps[12] < 0.5


def test_against_the_newest_player_alone_it_goes_round_in_circles(league: Make) -> None:
    manager = league(ROCK + exact("historical", delta=1) + "stop: {iterations: 9}\n")
    gaps = [one.measures["nash_conv"].value for one in manager.run()]
    assert gaps == pytest.approx([2] * 10)
    ids = [player.snapshot for player in manager.view().players]
    assert len(set(ids)) == 4  # the founder, and three best responses
    assert ids[1:4] == ids[4:7] == ids[7:10]


@pytest.mark.parametrize(("delta", "expected"), [(0.0, 0), (0.5, 2), (0.7, 3), (1.0, 4)])
def test_the_window_begins_at_delta(league: Make, delta: float, expected: int) -> None:
    manager = league(ROCK + exact("historical", delta=delta) + "stop: {iterations: 4}\n")
    *_, last = manager.run()
    weights = list(last.mixtures[0])
    assert weights == [0] * expected + [pytest.approx(1 / (5 - expected))] * (5 - expected)


def test_three_players_may_meet_their_past(league: Make) -> None:
    text = "env: {name: classic/kuhn_poker, players: 3}\n" + exact("historical", delta=0, founder="marl/random")
    *_, last = league(text + "stop: {iterations: 6}\n").run()
    assert last.measures["nash_conv"].value < 0.6 * 2.0625


@pytest.mark.parametrize(
    ("asked", "parent"), [({}, None), ({"warm": True}, "third"), ({"warm": True, "transfer": True}, "second")]
)
def test_where_a_best_response_begins(asked: dict[str, bool], parent: str | None) -> None:
    """It answers the third one, against which the first earns most, and the second most of those who were trained."""
    left = enumerate((None, "second", "third"))
    players = [Player(f"player/{n}", (0, 1), f"{n}", n, checkpoint=one, lineage="row") for n, one in left]
    table = np.array([[0.0, 1, 3], [-1, 0, 2], [-3, -2, 0]])
    last = Iteration(2, ((0.0, 0.0, 1.0),), {}, (0.0,), 0.0)
    view = LeagueView("", "", ("row", "column"), tuple(players), (last,), Payoffs.of([table], symmetric=True))
    (order,) = PSRO(load_registry(), Params(**asked)).next(view, [])
    assert order.job.parent == parent


def test_rectified_psro_fills_the_niches_of_rock_paper_scissors(league: Make) -> None:
    """Rock, paper, scissors; then each answers what it beats or ties, itself and one other, and finds itself again.

    (Once more for the founder, which plays rock and is no best response.)
    """
    manager = ended_the_same_after_a_kill(league, ROCK + exact("rectified_psro") + "stop: {iterations: 20}\n", 3)
    done = manager.iterations
    assert "no best response is new" in manager.reason
    np.testing.assert_allclose(manager.view().payoffs.merged(done[-1].mixtures)[0][:3], 1 / 3)
    assert [len(done), manager.population.sizes] == [5, (9,)]
    opponents = [player.opponents for player in manager.view().players[3:6]]
    assert sorted(map(len, opponents)) == [2, 2, 2]  # each met itself and the one that it beats


def test_rectified_psro_takes_what_earns_the_value_for_a_tie(league: Make) -> None:
    """Kuhn poker is worth -1/18 to its first player, who would else beat nobody."""
    manager = league("env: classic/kuhn_poker\n" + exact("rectified_psro"))
    list(manager.run())
    assert "no best response is new" in manager.reason
    assert manager.iterations[-1].measures["nash_conv"].value < 0.3 * 11 / 12
    with pytest.raises(UserError, match="league/rectified_psro needs a zero-sum game of two sides"):
        next(league("env: {name: classic/kuhn_poker, players: 3}\n" + exact("rectified_psro"), run="three").run())


def test_jpsro_ends_at_a_correlated_equilibrium_of_chicken(league: Make) -> None:
    env = f"env: {{name: classic/matrix, payoffs: {json.dumps(CHICKEN)}}}\npopulation: by_side\n"
    manager = league(env + exact("jpsro", metasolver="league/ce") + "measures: [cce_gap]\n")
    done = list(manager.run())
    assert "no best response is new" in manager.reason
    assert done[-1].measures["cce_gap"].value == pytest.approx(0, abs=1e-7)
    assert done[-1].values == pytest.approx((5.25, 5.25))


def test_jpsro_answers_each_recommendation_by_itself(league: Make) -> None:
    """Side 0 may be told one of several: its orders are to what the other does in each case, not to the mean."""
    env = f"env: {{name: classic/matrix, payoffs: {json.dumps(CHICKEN)}}}\npopulation: by_side\n"
    manager = league(env + exact("jpsro") + "measures: [cce_gap]\nstop: {iterations: 2}\n")
    list(manager.run())
    view = manager.view()
    joint = dict(view.iterations[-1].joint or ())
    orders = [order for order in manager.strategy.next(view, []) if order.job.side == 0]
    rows = sorted({cell[0] for cell in joint})
    assert len(orders) == len(rows) > 1
    for order, row in zip(orders, rows, strict=True):
        told = {cell[1]: weight for cell, weight in joint.items() if cell[0] == row}
        expected = {view.populations[1][n].snapshot: w / sum(told.values()) for n, w in told.items()}
        assert {ids[1]: weight for ids, weight in order.job.joint or ()} == pytest.approx(expected)


def test_jpsro_on_three_player_kuhn_poker_falls(league: Make) -> None:
    text = "env: {name: classic/kuhn_poker, players: 3}\nmeasures: [cce_gap]\nstop: {iterations: 3}\n"
    manager = ended_the_same_after_a_kill(league, text + exact("jpsro", founder="marl/random"), 2)
    gaps = [one.measures["cce_gap"].value for one in manager.iterations]
    assert gaps[-1] < 0.7 * gaps[0]
