"""COMA: what an agent's own action is compared with, and policies that leave no action out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from marl import rng
from marl.errors import UserError
from marl.training.networks.distributions import Categorical
from marl.training.team_choice import TeamShape
from marl_ctde.bounded import BoundedSoftmax, bounded
from marl_ctde.coma import counterfactual
from marl_ctde.critics import CounterfactualCritic


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 4), st.integers(2, 5), st.floats(0, 1), st.integers(0, 10**6))
def test_the_advantage_has_mean_0_whatever_the_others_do(agents: int, actions: int, epsilon: float, seed: int) -> None:
    """Over an agent's own actions, as its policy draws them; and illegal ones have no part in it."""
    torch.manual_seed(seed)
    critic = CounterfactualCritic(TeamShape(agents, actions, 3, 2), [8], "tanh")
    state, seen = torch.randn(3), torch.randn(agents, 2)
    legal = torch.rand(agents, actions) < 0.7
    legal[:, 0] = True
    chances = bounded(torch.randn(agents, actions).masked_fill(~legal, -1e9), epsilon)
    assert torch.allclose(chances.sum(1), torch.ones(agents)) and (chances[~legal] == 0).all()
    chosen = torch.nn.functional.one_hot(torch.randint(actions, (agents,)), actions).float()
    with torch.no_grad():
        values = critic(state, seen, chosen)
    every = torch.arange(actions)[:, None].expand(-1, agents)  # [A, n]
    advantage = counterfactual(values.expand(actions, -1, -1), chances.expand(actions, -1, -1), every)
    assert torch.allclose((chances.T * advantage).sum(0), torch.zeros(agents), atol=1e-5)


def test_the_critic_looks_at_what_others_chose_and_not_at_ones_own() -> None:
    torch.manual_seed(1)
    critic = CounterfactualCritic(TeamShape(3, 4, 3, 2), [8], "tanh")
    state, seen, action = torch.randn(3), torch.randn(3, 2), torch.tensor([0, 1, 2])
    one_hot = torch.nn.functional.one_hot
    with torch.no_grad():
        before = critic(state, seen, one_hot(action, 4).float())
        after = critic(state, seen, one_hot(torch.tensor([0, 3, 2]), 4).float())
    changed = (before != after).any(1).tolist()
    assert changed == [True, False, True]


def test_what_is_drawn_has_the_probability_that_is_said() -> None:
    inputs = np.tile(np.array([[2.0, 0.0, -1.0, 5.0]], dtype=np.float32), (40_000, 1))
    mask = np.tile(np.array([[True, True, True, False]]), (40_000, 1))
    drawn = BoundedSoftmax().sample(Categorical(4), inputs, mask, rng.mix(7, np.arange(40_000)), {"epsilon": 0.3})
    action, logp = drawn
    wanted = bounded(torch.tensor([2.0, 0.0, -1.0, -1e9]), 0.3).numpy()
    assert np.bincount(action, minlength=4) / 40_000 == pytest.approx(wanted, abs=0.01)
    assert np.exp(logp) == pytest.approx(wanted[action], rel=1e-5) and wanted[2] > 0.1


@pytest.mark.parametrize("model", ["mlp", "lstm"])
def test_turns_count_fully_where_they_were_played_by_the_weights_of_now(
    begun: Any, batch: Any, kinds: Any, models: Any, model: str
) -> None:
    engine, _ = begun(kinds["at once"][0], "ctde/coma", model=models[model])
    learner, columns = batch(engine, 100)
    columns |= learner.prepare("side0", columns)
    learner.stage = "critic"
    made = learner.staged("side0", columns)
    joint = learner.joint("side0", columns)
    with torch.no_grad():
        chances = bounded(learner.inputs_of("side0", {})[:, :-1], learner.coefficients["epsilon"])
    turns = joint["acts"][:, :-1] & joint["valid"][..., None]
    logp = chances.gather(3, joint["action"].long()[..., None])[..., 0].log()
    assert torch.allclose(logp[turns], joint["logp"][turns], atol=1e-4)
    values = learner.valued("side0", joint["state"][:, :-1], joint["chosen"])
    assert torch.allclose(made["advantage"][turns], counterfactual(values, chances, joint["action"])[turns], atol=1e-4)


def test_values_know_what_follows_and_what_a_cut_hides(begun: Any, batch: Any, kinds: Any) -> None:
    """With lambda 1 targets are everything that is earned, up to a match's end; where it was cut, a value follows."""
    engine, _ = begun(kinds["at once"][0], "ctde/coma", trace=1.0, discount=0.9)
    learner, columns = batch(engine, 100)
    joint = learner.joint("side0", columns)
    made = learner.prepare("side0", columns)
    exact = 0
    for one, length in enumerate(joint["valid"].sum(1).tolist()):
        total = 0.0
        for step in reversed(range(length)):
            total = float(joint["reward"][one, step]) + 0.9 * total
        (agent,) = joint["acts"][one, 0].nonzero()[:1, 0].tolist()
        ended = float(joint["discount"][one, length - 1]) == 0
        assert (abs(float(made["target"][one, 0, agent]) - total) < 1e-4) == ended
        exact += ended
    assert 0 < exact < len(joint["valid"])


def test_real_actions_are_refused(begun: Any, kinds: Any) -> None:
    with pytest.raises(UserError, match="Discrete actions"):
        begun(kinds["real"][0], "ctde/coma")
