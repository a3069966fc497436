"""PSRO with exact oracles: known answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from league.manager import Manager

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]
FIRST = "strategy: {name: league/psro, founder: marl/first}\n"


def finish(manager: Manager) -> list[Any]:
    return list(manager.run())


def test_double_oracle_solves_rock_paper_scissors_in_three_iterations(league: Make) -> None:
    manager = league("env: classic/rock_paper_scissors\n" + FIRST)
    iterations = finish(manager)
    assert [len(side) for side in manager.members] == [3, 3]
    assert len(iterations) == 3
    assert iterations[-1].nash_conv == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(iterations[-1].mixtures, 1 / 3)
    assert "no best response is new" in manager.reason


def test_double_oracle_on_the_kuhn_matrix_takes_eight_iterations(league: Make) -> None:
    pyspiel = pytest.importorskip("pyspiel", reason="needs OpenSpiel, for the matrix")
    matrix = pyspiel.extensive_to_matrix_game(pyspiel.load_game("kuhn_poker"))
    payoffs = [[matrix.row_utility(r, c) for c in range(matrix.num_cols())] for r in range(matrix.num_rows())]
    manager = league(f"env: {{name: classic/matrix, payoffs: {json.dumps(payoffs)}}}\n" + FIRST)
    iterations = finish(manager)
    assert len(iterations) == 8
    assert iterations[-1].nash_conv == pytest.approx(0, abs=1e-7)
    assert iterations[-1].values[0] == pytest.approx(-1 / 18)


def test_kuhn_ends_at_its_value(league: Make) -> None:
    iterations = finish(league("env: classic/kuhn_poker\n"))
    assert iterations[0].nash_conv == pytest.approx(11 / 12)
    assert iterations[-1].nash_conv == pytest.approx(0, abs=1e-7)
    assert iterations[-1].values == pytest.approx((-1 / 18, 1 / 18))


@pytest.mark.parametrize("game", ["classic/leduc_poker", "openspiel/leduc_poker"])
def test_leduc_starts_at_the_known_nash_conv_and_falls(league: Make, game: str) -> None:
    if game.startswith("openspiel"):
        pytest.importorskip("marl_openspiel", reason="needs the plugin marl-openspiel")
    iterations = finish(league(f"env: {game}\nstop: {{iterations: 30}}\n"))
    assert iterations[0].nash_conv == pytest.approx(4.747222222222)
    assert iterations[30].nash_conv < 2.5


def test_replicator_dynamics_carry_psro_through_a_general_sum_game(league: Make) -> None:
    text = "strategy: {name: psro, metasolver: prd}\nstop: {iterations: 6}\n"
    iterations = finish(league("env: classic/prisoners_dilemma\n" + text))
    assert iterations[-1].values == pytest.approx((1, 1), abs=0.1)  # both defect


def test_three_player_kuhn_falls_under_a_uniform_meta_strategy(league: Make) -> None:
    text = "env: {name: classic/kuhn_poker, players: 3}\nstrategy: {name: psro, metasolver: uniform}\n"
    iterations = finish(league(text + "stop: {iterations: 10}\n"))
    assert iterations[0].nash_conv == pytest.approx(2.0625, abs=0.01)
    assert iterations[-1].nash_conv < 0.6 * iterations[0].nash_conv


def test_sampled_payoffs_agree_with_exact_ones(league: Make) -> None:
    manager = league("env: classic/kuhn_poker\nstop: {iterations: 3}\n", "payoffs.mode=sampled", "payoffs.matches=4000")
    finish(manager)
    sampled = manager.table.means[0].copy()
    from league.payoffs.exact import ExactPayoffs

    exact = ExactPayoffs(manager.services.exact(), zero_sum=True)
    for row in next(exact.fill(manager.members, np.ones_like(sampled, dtype=bool))):
        place = [manager.table._place[id] for id in row.pairing]
        assert sampled[tuple(place)] == pytest.approx(row.mean[0], abs=5 * 2 / np.sqrt(4000))
