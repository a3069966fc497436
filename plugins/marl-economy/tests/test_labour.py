"""The economy of effort against what is known of it in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from marl.errors import UserError
from marl_economy.labour.labour import Labour, LabourParams
from marl_economy.labour.rational import Rational
from marl_economy.labour.stackelberg import best_efforts, formula, outcome, solution, textbook
from marl_economy.planners import Schedule, ScheduleParams
from marl_economy.playing import played

THREE = LabourParams(cutoffs=[0.0, 2.0, 6.0], rate_step=0.1)


def test_effort_falls_by_the_elasticity() -> None:
    economy = Labour(1, LabourParams(levels=1001, elasticity=0.5))
    for rate in (0.0, 0.2, 0.5, 0.8):
        effort = economy.effort_of[best_efforts(economy, np.array([[rate]]))[0]]
        assert effort == pytest.approx((1 - rate * 7 / 8) ** 0.5, abs=0.002)


def test_the_one_step_economy_has_the_textbook_s_best_tax() -> None:
    for workers in (4, 8, 32):
        economy = Labour(1, LabourParams(workers=workers, levels=4001, rate_step=0.01))
        assert solution(economy).rates[0] == pytest.approx(textbook(economy), abs=0.015)
    # With infinitely many workers of these eight skills it is the rate that meanfield/economy has by default.
    assert textbook(Labour(1), many=True) == pytest.approx(0.5163, abs=1e-4)
    assert textbook(Labour(1, LabourParams(aversion=0.0))) == pytest.approx(0.0)


def test_a_solution_is_better_than_its_neighbours_the_formula_and_no_taxes() -> None:
    economy = Labour(1, THREE)
    best = solution(economy)
    for bracket in range(3):
        for step in (-0.1, 0.1):
            rates = np.clip(np.array(best.rates) + step * np.eye(3)[bracket], 0, 1)
            assert outcome(economy, rates).welfare <= best.welfare + 1e-12
    assert outcome(economy, np.zeros(3)).welfare < formula(economy).welfare < best.welfare


def test_the_environment_pays_what_the_solution_says() -> None:
    params = LabourParams(years=2, days=3, cutoffs=[0.0, 2.0, 6.0], rate_step=0.1)
    economy = Labour(1, params)
    expected = outcome(economy, np.array([0.6, 0.5, 0.3]))
    planner = Schedule(economy.spec, ScheduleParams([0.6, 0.5, 0.3]))
    first, second = played(lambda lanes: Labour(lanes, params), planner, Rational(economy.spec), 2, 1)
    assert first.incomes[1] == pytest.approx(expected.incomes)
    assert first.utility[0] == pytest.approx(expected.utility) and first.welfare[0] == pytest.approx(expected.welfare)
    assert second.welfare[0] == pytest.approx(2 * expected.welfare)
    assert first.coin[0].mean() == pytest.approx(expected.output)  # taxes go round


def test_too_many_schedules_are_refused() -> None:
    with pytest.raises(UserError, match="are 4,084,101 schedules: too many to look at"):
        solution(Labour(1, LabourParams(cutoffs=[0.0, 1.0, 2.0, 4.0, 6.0], rate_step=0.05)))
