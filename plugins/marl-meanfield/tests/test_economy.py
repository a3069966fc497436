"""The one-step economy: workers earn what theory says, and a planner that learns finds the textbook's tax."""

from __future__ import annotations

import numpy as np
import pytest

from marl_meanfield import exact
from marl_meanfield.checks import check
from marl_meanfield.games.economy import Economy, Params
from marl_meanfield.planner import answered, gini, judged, planned, saez

SMALL = Params(skills=4, levels=160, spread=8.0)


def test_workers_earn_what_theory_says() -> None:
    economy = Economy(SMALL)
    check(economy, "economy")
    policy = exact.softmax(answered(SMALL, exact.logits(economy), 12)[1])
    along = exact.flow(economy, policy)
    income = economy.earned(along[-1]) @ economy.income * 4
    assert income == pytest.approx(economy.skill * 0.7**0.5, abs=0.06)
    assert exact.judge(economy, policy).nash_conv < 0.02


@pytest.mark.parametrize(("aversion", "elasticity"), [(1.0, 0.5), (0.5, 1.0)])
def test_a_planner_that_learns_finds_the_tax_of_the_formula(aversion: float, elasticity: float) -> None:
    params = Params(skills=4, levels=160, spread=8.0, elasticity=elasticity, rates=[0.05])
    *_, last = planned(params, aversion, rounds=15, iterations=5)
    assert last.rates[0] == pytest.approx(saez(Economy(params), aversion), abs=0.03)


def test_who_weighs_all_alike_takes_no_tax_and_inequality_costs_output() -> None:
    assert saez(Economy(SMALL), 0.0) == pytest.approx(0.0)
    free, taxed = (
        judged(*answered(Params(skills=4, levels=160, spread=8.0, rates=[rate]), exact.logits(Economy(SMALL)), 12), 1.0)
        for rate in (0.0, 0.5)
    )
    assert taxed.equality > free.equality + 0.1 and taxed.output < free.output and taxed.welfare > free.welfare


def test_gini() -> None:
    assert gini(np.array([1.0, 1.0]), np.array([0.5, 0.5])) == 0.0
    assert gini(np.array([0.0, 1.0]), np.array([0.5, 0.5])) == pytest.approx(0.5)


def test_wrong_rates_are_told() -> None:
    with pytest.raises(ValueError, match="each from 0 to less than 1"):
        Params(rates=[0.2, 1.0])
