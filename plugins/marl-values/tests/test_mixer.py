"""Mixers: what is best for each is best for all, so each agent may choose for itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from marl.training.team_choice import Choice, TeamShape
from marl_values.mixers.duplex import Duplex
from marl_values.mixers.joint import JointAction, StateValue, Unrestricted
from marl_values.mixers.monotonic import Monotonic


class Sum(nn.Module):
    """VDN's (and QTRAN's own, by which agents act)."""

    def forward(self, choice: Choice) -> Tensor:
        return choice.values.sum(-1)


CLAIM: dict[str, Callable[[TeamShape], nn.Module]] = {
    "vdn": lambda shape: Sum(),
    "qmix": lambda shape: Monotonic(shape, width=8, hidden=5),
    "qmix, linear": lambda shape: Monotonic(shape, width=8, hidden=0),
    "qplex": lambda shape: Duplex(shape, heads=3, hidden=5),
}


def random(make: Callable[[TeamShape], nn.Module], shape: TeamShape, seed: int) -> nn.Module:
    """Some mixer with weights that are larger than at the start, so that all its parts matter."""
    torch.manual_seed(seed)
    made = make(shape)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_()
    return made


@pytest.mark.parametrize("name", CLAIM)
@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(2, 4), st.integers(0, 10**6))
def test_what_is_best_for_each_is_best_for_all(name: str, agents: int, actions: int, seed: int) -> None:
    """The principle of value decomposition (Individual-Global-Max), with illegal actions and agents without a turn."""
    made = random(CLAIM[name], TeamShape(agents, actions, 3), seed)
    acts = torch.rand(agents) < 0.8
    legal = torch.rand(agents, actions) < 0.8
    legal[torch.arange(agents), torch.randint(actions, (agents,))] = True
    values = torch.randn(agents, actions).masked_fill(~legal, -1e9) * acts[:, None]
    state = torch.randn(3)
    joint = torch.tensor(list(itertools.product(range(actions), repeat=agents)))
    allowed = (legal | ~acts[:, None])[torch.arange(agents), joint].all(1)
    joint = joint[allowed]
    count = len(joint)
    with torch.no_grad():
        each = values.expand(count, -1, -1), joint, acts.expand(count, -1), state.expand(count, -1)
        totals = made(Choice(*each))
        own = float(made(Choice(values, values.argmax(1), acts, state)))
    assert own == pytest.approx(float(totals.max()), rel=1e-5, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.sampled_from([0, 7]), st.integers(0, 10**6))
def test_the_mixture_of_qmix_is_monotonic_in_every_agent(agents: int, state: int, hidden: int, seed: int) -> None:
    made = random(lambda shape: Monotonic(shape, 8, hidden), TeamShape(agents, 1, state), seed)
    seen, values = torch.randn(6, state), 3 * torch.randn(6, agents)

    def mixed(one: Tensor) -> Tensor:
        nothing, everybody = torch.zeros(6, agents, dtype=torch.int64), torch.ones(6, agents, dtype=torch.bool)
        result: Tensor = made(Choice(one[..., None], nothing, everybody, seen))
        return result

    for agent in range(agents):
        more = values.clone()
        more[:, agent] += torch.rand(6)
        assert (mixed(more) >= mixed(values) - 1e-4).all()
    values.requires_grad_()
    (slope,) = torch.autograd.grad(mixed(values).sum(), values)
    assert (slope >= 0).all() and slope.max() > 0


ALL = [*list(CLAIM.values())[1:], Unrestricted, JointAction, StateValue]


@pytest.mark.parametrize("make", ALL)
def test_they_depend_on_the_state_and_take_any_shape_before(make: Callable[[TeamShape], nn.Module]) -> None:
    made = random(make, TeamShape(2, 3, 4), 0)
    inputs, action, state = torch.randn(4, 6, 2, 3), torch.randint(3, (4, 6, 2)), torch.randn(4, 6, 4)
    acts = torch.ones(4, 6, 2, dtype=torch.bool)
    mixed = made(Choice(inputs, action, acts, state))
    other = made(Choice(inputs, action, acts, torch.randn(4, 6, 4)))
    assert mixed.shape == (4, 6) and not torch.allclose(mixed, other)
    one = made(Choice(inputs[1, 2], action[1, 2], acts[1, 2], state[1, 2]))
    assert torch.allclose(mixed[1, 2], one, atol=1e-4)
