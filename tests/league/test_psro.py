"""PSRO with exact oracles: known answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from league.manager import Manager
from league.metasolvers.nash import Nash
from league.payoffs import Payoffs

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]
FIRST = "strategy: {name: league/psro, founder: marl/first}\n"


def finish(manager: Manager) -> list[Any]:
    return list(manager.run())


def test_double_oracle_solves_rock_paper_scissors_in_three_iterations(league: Make) -> None:
    manager = league("env: classic/rock_paper_scissors\n" + FIRST)
    iterations = finish(manager)
    assert manager.filling.table.sizes == (3, 3)
    assert len(iterations) == 4  # the last one finds no answer that is new
    assert (
        iterations[2].measures["nash_conv"].value
        == iterations[3].measures["nash_conv"].value
        == pytest.approx(0, abs=1e-9)
    )
    np.testing.assert_allclose(iterations[2].mixtures, 1 / 3)
    np.testing.assert_allclose(iterations[3].mixtures, [[1 / 3] * 3 + [0]])
    assert "no best response is new" in manager.reason


def test_double_oracle_on_the_kuhn_matrix_takes_eight_iterations(league: Make) -> None:
    pyspiel = pytest.importorskip("pyspiel", reason="needs OpenSpiel, for the matrix")
    matrix = pyspiel.extensive_to_matrix_game(pyspiel.load_game("kuhn_poker"))
    payoffs = [[matrix.row_utility(r, c) for c in range(matrix.num_cols())] for r in range(matrix.num_rows())]
    manager = league(f"env: {{name: classic/matrix, payoffs: {json.dumps(payoffs)}}}\n" + FIRST)
    iterations = finish(manager)
    assert len(iterations) == 9  # the last one finds no answer that is new
    assert iterations[7].measures["nash_conv"].value == pytest.approx(0, abs=1e-7)
    assert iterations[-1].measures["nash_conv"].value == pytest.approx(0, abs=1e-7)
    assert iterations[-1].values[0] == pytest.approx(-1 / 18)


def test_kuhn_ends_at_its_value(league: Make) -> None:
    iterations = finish(league("env: classic/kuhn_poker\n"))
    assert iterations[0].measures["nash_conv"].value == pytest.approx(11 / 12)
    assert iterations[-1].measures["nash_conv"].value == pytest.approx(0, abs=1e-7)
    assert iterations[-1].values == pytest.approx((-1 / 18, 1 / 18))


@pytest.mark.parametrize("game", ["classic/leduc_poker", "openspiel/leduc_poker"])
def test_leduc_starts_at_the_known_nash_conv_and_falls(league: Make, game: str) -> None:
    if game.startswith("openspiel"):
        pytest.importorskip("marl_openspiel", reason="needs the plugin marl-openspiel")
    iterations = finish(league(f"env: {game}\nstop: {{iterations: 30}}\n"))
    assert iterations[0].measures["nash_conv"].value == pytest.approx(4.747222222222)
    assert iterations[30].measures["nash_conv"].value < 2.5


def test_replicator_dynamics_carry_psro_through_a_general_sum_game(league: Make) -> None:
    text = "strategy: {name: psro, metasolver: prd}\nstop: {iterations: 6}\n"
    iterations = finish(league("env: classic/prisoners_dilemma\n" + text))
    assert iterations[-1].values == pytest.approx((1,), abs=0.1)  # both defect


def test_three_player_kuhn_falls_under_a_uniform_meta_strategy(league: Make) -> None:
    text = "env: {name: classic/kuhn_poker, players: 3}\nstrategy: {name: psro, metasolver: uniform}\n"
    iterations = finish(league(text + "stop: {iterations: 10}\n"))
    assert iterations[0].measures["nash_conv"].value == pytest.approx(2.0625, abs=0.01)
    assert iterations[-1].measures["nash_conv"].value < 0.6 * iterations[0].measures["nash_conv"].value


def test_fictitious_play_on_kuhn_is_openspiels(league: Make) -> None:
    """The known values are XFPSolver's; after iteration 3 ties are broken otherwise there (0.0637 at 50)."""
    text = "env: classic/kuhn_poker\nstrategy: {name: psro, metasolver: uniform}\nstop: {iterations: 50}\n"
    iterations = finish(league(text))
    found = [iterations[n].measures["nash_conv"].value for n in (0, 1, 2, 3)]
    assert found == pytest.approx([11 / 12, 5 / 8, 5 / 12, 17 / 48])
    assert iterations[50].measures["nash_conv"].value < 0.064


def test_fictitious_play_of_rock_paper_scissors_counts_repeated_best_responses(league: Make) -> None:
    """By hand: rock, paper, paper again, ...: the best responses to (1, 0, 0), (1/2, 1/2, 0), (1/3, 2/3, 0)."""
    uniform = "strategy: {name: psro, metasolver: uniform, founder: marl/first}\nstop: {iterations: 60}\n"
    manager = league("env: classic/rock_paper_scissors\n" + uniform)
    iterations = finish(manager)
    assert manager.filling.table.sizes == (4, 4)  # the founder and three best responses, stored once each
    assert manager.population.sizes == (61,)  # and counted as often as they came
    assert len(manager.ledger.payoffs()) == 10
    assert [i.measures["nash_conv"].value for i in iterations[:3]] == pytest.approx([2, 1, 2 / 3])
    assert iterations[60].measures["nash_conv"].value < 0.25
    assert manager.reason == "60 iterations are done"


def test_nash_is_the_same_whether_players_are_there_once_or_often() -> None:
    table = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    again = np.array([0, 1, 0, 2, 2])
    payoffs = Payoffs(
        np.array([table, -table])[np.ix_([0, 1], again, [0, 1, 2])],
        np.full((5, 3), np.inf), np.zeros((2, 5, 3)), (np.array([0, 1, 0, 3, 3]), np.arange(3)),
    )  # fmt: skip
    rows, columns = Nash()(payoffs)
    np.testing.assert_allclose(rows, [1 / 3, 1 / 3, 0, 1 / 3, 0])
    np.testing.assert_allclose(columns, 1 / 3)


def test_sampled_payoffs_agree_with_exact_ones(league: Make) -> None:
    manager = league(
        "env: classic/kuhn_poker\nstop: {iterations: 3}\n", "payoffs.source=sampled", "payoffs.source.matches=4000"
    )
    finish(manager)
    sampled = manager.filling.payoffs
    exact = manager.services.exact()
    margin = 3 * sampled.margin[0]  # three intervals wide: wrong once in millions of cells
    for row, (_, mine) in enumerate(manager.population.members[0]):
        for column, (_, theirs) in enumerate(manager.population.members[1]):
            value = exact.form.returns([exact.plan(0, mine.snapshot), exact.plan(1, theirs.snapshot)])[0]
            assert abs(sampled[0][row, column] - value) <= margin[row, column]
