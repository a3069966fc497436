"""Pipeline PSRO with exact best responses, and with learners that need several slices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from league.manager import Manager
from league.payoffs import Payoffs
from league.strategies.subset import among

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]
PIPELINE = "strategy: {name: pipeline_psro, founder: marl/first, levels: %d, most: %d}\nworkers: %d\n"
ROCK = "env: classic/rock_paper_scissors\n"


def test_with_one_level_and_one_slice_it_is_psro(league: Make) -> None:
    text = ROCK + PIPELINE % (1, 1, 1) + "stop: {iterations: 12}\n"
    manager = league(text)
    done = list(manager.run())
    assert manager.reason == "the last 2 best responses of each population were there before"
    assert [one.measures["nash_conv"].value for one in done[:4]] == pytest.approx([2, 2, 0, 0], abs=1e-9)
    np.testing.assert_allclose(manager.view().payoffs.merged(done[-1].mixtures)[0][:3], 1 / 3)


def test_a_killed_league_ends_the_same(league: Make) -> None:
    text = ROCK + PIPELINE % (2, 2, 2) + "stop: {iterations: 9}\n"
    whole = league(text)
    list(whole.run())
    run = league(text, run="cut").run()
    for _ in range(5):
        next(run)
    again = league(text, run="cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


def test_two_levels_climb_together_and_end_at_the_value_of_kuhn_poker(league: Make) -> None:
    text = "env: classic/kuhn_poker\n" + PIPELINE % (2, 1, 4) + "stop: {iterations: 100}\n"
    whole = league(text)
    done = list(whole.run())
    assert "the last 3 best responses" in whole.reason
    assert done[-1].measures["nash_conv"].value == pytest.approx(0, abs=1e-7)
    assert done[-1].values == pytest.approx((-1 / 18, 1 / 18))


def test_who_gains_nothing_more_is_fixed(league: Make) -> None:
    """An exact best response is as good as it gets: the second slice gains nothing, so no learner has a third."""
    manager = league(ROCK + PIPELINE % (1, 5, 1) + "stop: {iterations: 9}\n")
    list(manager.run())
    lineages = [player.lineage for player in manager.view().players[1:]]
    assert lineages[:6] == ["player_0", "player_0", "player_1", "player_1", "player_2", "player_2"]


def test_higher_levels_answer_those_below_them(league: Make) -> None:
    """Paper is fixed after scissors is there: the third learner answers rock, paper, and scissors as it is now."""
    manager = league(ROCK + PIPELINE % (2, 2, 2) + "stop: {iterations: 2}\n")
    list(manager.run())
    view = manager.view()
    rock, *others = view.players
    low, high = manager.strategy.next(view, [])
    assert (low.lineage, high.lineage) == ("player_0", "player_1")
    assert low.job.opponents[1] == ((rock.snapshot, 1.0),)
    assert high.job.opponents[1] == ((others[0].snapshot, 1.0),)  # the lower one plays paper, which beats rock
    assert manager.strategy.next(view, [low, high]) == []


def test_three_sides_have_pipelines_too(league: Make) -> None:
    text = "env: {name: classic/kuhn_poker, players: 3}\nstrategy: {name: pipeline_psro, metasolver: prd, most: 1}\n"
    *_, last = league(text + "workers: 6\nstop: {iterations: 12}\n").run()
    assert last.measures["nash_conv"].value < 0.8 * 2.0625


def test_payoffs_among_some_know_who_is_the_same() -> None:
    table = np.arange(12.0).reshape(4, 3)
    first = (np.array([0, 1, 0, 3]), np.arange(3))
    some = among(
        Payoffs(np.array([table, -table]), np.full((4, 3), np.inf), np.zeros((2, 4, 3)), first), [[2, 0, 3], [1]]
    )
    assert some.sizes == (3, 1)
    assert some[0][:, 0].tolist() == [7, 1, 10]
    assert [one.tolist() for one in some.first] == [[0, 0, 2], [0]]
