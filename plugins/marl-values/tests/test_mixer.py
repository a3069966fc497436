"""The mixer: a team's value never falls when an agent's rises, so each agent may choose for itself."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from marl_values.mixer import Mixer


def mixer(agents: int, state: int, hidden: int, seed: int) -> Mixer:
    """Some mixer with weights that are larger than at the start, so that all its parts matter."""
    torch.manual_seed(seed)
    made = Mixer(agents, state, width=8, hidden=hidden)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_()
    return made


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.sampled_from([0, 7]), st.integers(0, 10**6))
def test_it_is_monotonic_in_every_agent(agents: int, state: int, hidden: int, seed: int) -> None:
    made = mixer(agents, state, hidden, seed)
    seen, values = torch.randn(6, state), 3 * torch.randn(6, agents)
    for agent in range(agents):
        more = values.clone()
        more[:, agent] += torch.rand(6)
        assert (made(more, seen) >= made(values, seen) - 1e-4).all()
    values.requires_grad_()
    (slope,) = torch.autograd.grad(made(values, seen).sum(), values)
    assert (slope >= 0).all() and slope.max() > 0


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 3), st.integers(2, 4), st.integers(0, 10**6))
def test_what_is_best_for_each_is_best_for_all(agents: int, actions: int, seed: int) -> None:
    """The principle of value decomposition (Individual-Global-Max)."""
    made = mixer(agents, 3, 5, seed)
    values, state = torch.randn(agents, actions), torch.randn(3)
    joint = list(itertools.product(range(actions), repeat=agents))
    with torch.no_grad():
        totals = made(
            torch.stack([values[torch.arange(agents), torch.tensor(one)] for one in joint]),
            state.expand(len(joint), -1),
        )
        own = float(made(values.max(1).values, state))
    assert own == pytest.approx(float(totals.max()), rel=1e-6, abs=1e-4)


def test_it_depends_on_the_state_and_takes_any_shape_before() -> None:
    made = mixer(2, 3, 5, 0)
    values, state = torch.randn(4, 6, 2), torch.randn(4, 6, 3)
    mixed = made(values, state)
    assert mixed.shape == (4, 6) and not torch.allclose(mixed, made(values, torch.randn(4, 6, 3)))
    assert torch.allclose(mixed[1, 2], made(values[1, 2], state[1, 2]), atol=1e-5)
