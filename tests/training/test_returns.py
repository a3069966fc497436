"""Targets: known sums, by hand and by definition."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from marl.training.returns import Steps, of_team, returns


def by_definition(steps: Steps, step: int, n_step: int, trace: float) -> float:
    """What is said of one step of one match, by recursion over what follows."""
    reward, discount = float(steps.reward[step]), float(steps.discount[step])
    value = float(steps.value[step])
    if not steps.on[step]:
        return reward + discount * value
    if not steps.known[step]:
        return reward + discount * by_definition(steps, step + 1, n_step, trace)
    if trace:
        return reward + discount * ((1 - trace) * value + trace * by_definition(steps, step + 1, n_step, trace))
    return reward + discount * (by_definition(steps, step + 1, n_step - 1, trace) if n_step > 1 else value)


def some(seed: int, length: int) -> Steps:
    """One match; who knows no value of a step has 0 there."""
    torch.manual_seed(seed)
    known, on = torch.rand(length) < 0.7, torch.arange(length) < length - 1
    discount = torch.where(on | (torch.rand(()) < 0.5), 0.9, 0.0)
    return Steps(torch.randn(length), discount, torch.randn(length) * known, known, on)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 4), st.sampled_from([0.0, 0.3, 1.0]))
def test_they_are_what_their_definition_says(seed: int, length: int, n_step: int, trace: float) -> None:
    steps, n_step = some(seed, length), 1 if trace else n_step
    wanted = [by_definition(steps, step, n_step, trace) for step in range(length)]
    assert returns(steps, n_step, trace).tolist() == pytest.approx(wanted, abs=1e-5)


def test_of_a_team_they_end_with_the_match_and_padding_has_none() -> None:
    """Rewards 1, 2, 3 and then padding; cut short, so the last value, 8, stands in for what would have followed."""
    reward, value = torch.tensor([[1.0, 2.0, 3.0, 0.0]]), torch.tensor([[9.0, 9.0, 8.0, 7.0]])
    valid = torch.tensor([[True, True, True, False]])
    steps = of_team(reward, 0.5 * valid, value, valid)
    assert returns(steps).tolist() == [[5.5, 6.5, 7.0, 0.0]]
    assert returns(steps, 2).tolist() == [[4.25, 5.5, 7.0, 0.0]]
    assert returns(steps, 9).tolist() == returns(steps, 1, 1.0).tolist() == [[3.75, 5.5, 7.0, 0.0]]
