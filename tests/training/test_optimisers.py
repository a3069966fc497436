"""The step: gradients are clipped by the norm of each optimiser's own, and nothing moves once one is not finite."""

from __future__ import annotations

import pytest
import torch

from marl.training.learner_state import adam, clipped, stop_where


def weights(*gradient: float) -> torch.nn.Parameter:
    parameter = torch.nn.Parameter(torch.zeros(len(gradient)))
    parameter.grad = torch.tensor(gradient)
    return parameter


def test_each_optimiser_is_clipped_by_itself_and_the_norm_is_that_of_all() -> None:
    one, other, idle = weights(3.0, 4.0), weights(0.0, 0.3), torch.nn.Parameter(torch.zeros(1))
    norm = clipped([adam([one], 0.1), adam([other], 0.1), adam([idle], 0.1)], 1.0)
    assert norm.item() == pytest.approx((25 + 0.09) ** 0.5)
    assert one.grad is not None and one.grad.tolist() == pytest.approx([0.6, 0.8], abs=1e-5)
    assert other.grad is not None and other.grad.tolist() == pytest.approx([0.0, 0.3])


def test_without_a_limit_nothing_is_clipped() -> None:
    one = weights(3.0, 4.0)
    assert clipped([adam([one], 0.1)], None).item() == 5.0 and one.grad is not None and one.grad.tolist() == [3.0, 4.0]


@pytest.mark.parametrize(("broken", "moved"), [(0.0, True), (1.0, False)])
def test_a_fused_optimiser_does_not_step_where_it_is_told(broken: float, moved: bool) -> None:
    one = weights(1.0)
    optimizer = adam([one], 0.1)
    assert stop_where(torch.tensor(broken), [optimizer])
    optimizer.step()
    assert (one.item() != 0.0) == moved


def test_one_that_is_not_fused_cannot_be_told() -> None:
    assert not stop_where(torch.tensor(1.0), [torch.optim.SGD([weights(1.0)], lr=0.1)])
