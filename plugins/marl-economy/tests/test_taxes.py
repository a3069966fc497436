"""Brackets, measures and Saez's formula, on answers that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from marl_economy import saez, taxes

CUTOFFS = np.array([0.0, 10.0, 40.0])


def test_a_tax_is_the_sum_over_brackets() -> None:
    rates = np.array([[0.1, 0.2, 0.5]])
    due = taxes.due(np.array([[0.0, 5.0, 10.0, 30.0, 50.0]]), rates, CUTOFFS)
    assert due.tolist() == [[0.0, 0.5, 1.0, pytest.approx(5.0), pytest.approx(1 + 6 + 5)]]
    assert taxes.marginal(np.array([[-3.0, 9.9, 10.0, 100.0]]), rates, CUTOFFS).tolist() == [[0.1, 0.1, 0.2, 0.5]]


def test_the_schedule_of_the_united_states_is_that_of_the_irs() -> None:
    # "$84,200: $14,382 plus 24 %"; "$510,300: $153,798 plus 37 %"
    due = taxes.due(np.array([84.2, 160.725, 510.3]), np.array(taxes.US_RATES), np.array(taxes.US_CUTOFFS))
    assert due * 1000 == pytest.approx([14382, 32748, 153798], abs=1)


def test_equality_goes_from_one_who_has_all_to_all_alike() -> None:
    coin = np.array([[0.0, 0.0, 0.0, 8.0], [2.0, 2.0, 2.0, 2.0], [0.0, 0.0, 0.0, 0.0], [1.0, 3.0, 0.0, 0.0]])
    apart = (2 + 1 + 1 + 3 + 3) * 2 / (2 * 4 * 4)  # the Gini index of the last, from all pairs
    assert taxes.equality(coin) == pytest.approx([0.0, 1.0, 1.0, 1 - apart * 4 / 3])


def test_an_elasticity_is_found_again() -> None:
    rates = np.linspace(0.0, 0.9, 40)
    skills = np.tile([1.0, 2.0, 5.0, 9.0], 10)
    assert saez.elasticity(skills * (1 - rates) ** 0.7, rates) == pytest.approx(0.7, abs=0.2)
    assert saez.elasticity(5.0 * (1 - rates) ** 0.7, rates) == pytest.approx(0.7)
    with pytest.raises(ValueError, match="let rates vary more"):
        saez.elasticity(np.ones(40), np.full(40, 0.3))


def test_one_bracket_is_the_textbook_s_linear_tax() -> None:
    incomes = np.array([1.0, 4.0, 10.0])
    weights = 1 / incomes / np.mean(1 / incomes)
    weighed = (weights * incomes).sum() / incomes.sum()
    assert saez.rates(incomes, np.array([0.0]), 0.5) == pytest.approx([(1 - weighed) / (1 - weighed + 0.5)])
    assert saez.rates(np.full(5, 7.0), np.array([0.0]), 0.5) == pytest.approx([0.0], abs=1e-6)  # all are alike


def test_rates_of_brackets_follow_the_formula_by_hand() -> None:
    incomes = np.array([5.0] * 3 + [60.0])
    weights = 1 / incomes / np.mean(1 / incomes)
    top = (1 - weights[-1]) / (1 - weights[-1] + 60 / (60 - 40) * 0.5)
    lowest = 1 - (weights[:3].sum() * 5 + weights[3] * 10) / 25
    found = saez.rates(incomes, CUTOFFS, 0.5)
    assert found == pytest.approx(
        [lowest / (lowest + 15 / 25 * 0.5), (found[0] + found[2]) / 2, top]
    )  # a gap is filled
    assert (np.diff([saez.rates(incomes, CUTOFFS, e)[2] for e in (0.2, 0.5, 2.0)]) < 0).all()


@pytest.mark.parametrize("cutoffs", [[], [1.0], [0.0, 5.0, 5.0], [0.0, 9.0, 3.0]])
def test_brackets_that_are_none_are_refused(cutoffs: list[float]) -> None:
    with pytest.raises(ValueError, match="must begin with 0 and go up"):
        taxes.checked_cutoffs(cutoffs)


@pytest.mark.parametrize("step", [0.0, 0.3, 2.0, -0.1])
def test_steps_that_do_not_reach_one_are_refused(step: float) -> None:
    with pytest.raises(ValueError, match="must divide 1"):
        taxes.checked_step(step)
