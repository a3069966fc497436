"""MAPPO and IPPO: what was played, what follows of it, and who looks at what."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from marl_ctde.critics import Scale, StateCritic


@pytest.mark.parametrize("model", ["mlp", "lstm"])
def test_log_probabilities_are_those_of_whoever_played(
    begun: Any, batch: Any, kind: Any, models: Any, model: str
) -> None:
    """So networks, memories, masks, agents and kinds of actions fit together, and every turn counts fully."""
    name, make, sharing = kind
    engine, _ = begun(make, "ctde/mappo", sharing=sharing, model=models[model])
    for one in engine.backend.learner.names:  # with weights as at the start, all actions would be nearly as likely
        for parameter in engine.backend.learner.network(one).parameters():
            torch.nn.init.normal_(parameter, std=0.5)
    learner, columns = batch(engine, 100)
    joint = learner.joint("side0", columns)
    made = learner.prepare("side0", columns)
    turns = joint["acts"][:, :-1] & joint["valid"][..., None]
    assert int(turns.sum()) >= 100 and (turns.sum(2).max() == 1) == ("turns" in name)
    assert torch.allclose(made["before"][turns], joint["logp"][turns], atol=1e-4)
    assert joint["logp"][turns].std() > 0.1 and torch.allclose(made["weight"][turns], torch.ones(()), atol=1e-4)


def by_hand(reward: Any, discount: Any, value: Any, length: int, trace: float) -> list[float]:
    """GAE of one match: errors of one step, discounted and summed up. `value`: of steps 0 to `length`."""
    delta = [float(reward[t] + discount[t] * value[t + 1] - value[t]) for t in range(length)]
    result = []
    for start in range(length):
        weight, total = 1.0, 0.0
        for step in range(start, length):
            total += weight * delta[step]
            weight *= float(discount[step]) * trace
        result.append(total)
    return result


def test_advantages_are_what_their_paper_says(begun: Any, batch: Any, kinds: Any) -> None:
    """Values stand in where a match was cut short, and nothing does where it ended."""
    engine, _ = begun(kinds["at once"][0], "ctde/mappo", trace=0.8, discount=0.9)
    learner, columns = batch(engine, 100)
    joint = learner.joint("side0", columns)
    with torch.no_grad():
        value = learner.values("side0", joint)
        target = learner.looked_ahead(joint, value)
    cut = 0
    for one, length in enumerate(joint["valid"].sum(1).tolist()):
        wanted = by_hand(joint["reward"][one], joint["discount"][one], value[one, :, 0], length, 0.8)
        assert (target - value[:, :-1])[one, :length, 0].tolist() == pytest.approx(wanted, abs=1e-4)
        cut += int(joint["discount"][one, length - 1] > 0)
    assert 0 < cut < len(target)


def test_each_agents_own_values_go_from_turn_to_turn(begun: Any, batch: Any, kinds: Any) -> None:
    """IPPO in a game in turns: between two own turns everything that the team earns counts, and no value does."""
    engine, _ = begun(kinds["in turns"][0], "ctde/ippo", trace=0.6, discount=0.9)
    learner, columns = batch(engine, 60)
    joint = learner.joint("side0", columns)
    with torch.no_grad():
        value = learner.values("side0", joint)
        target = learner.looked_ahead(joint, value)
    for one, length in enumerate(joint["valid"].sum(1).tolist()):
        for agent in range(3):
            ahead = 0.0  # of what follows the last step
            for step in reversed(range(length)):
                turn, last = bool(joint["acts"][one, step + 1, agent]), step == length - 1
                known = float(value[one, step + 1, agent])
                follows = (known if last else 0.4 * known + 0.6 * ahead) if turn else ahead
                ahead = float(joint["reward"][one, step]) + float(joint["discount"][one, step]) * follows
                if joint["acts"][one, step, agent]:
                    assert float(target[one, step, agent]) == pytest.approx(ahead, abs=1e-4)


def test_the_critic_sees_the_state_and_actors_do_not(begun: Any, batch: Any, kinds: Any) -> None:
    """And a snapshot holds what plays, and nothing of the critic."""
    for name, sees in (("ctde/mappo", True), ("ctde/ippo", False)):
        engine, _ = begun(kinds["at once"][0], name)
        learner, columns = batch(engine, 60)

        def said(columns: Any, learner: Any = learner) -> tuple[Any, Any]:
            joint = learner.joint("side0", columns)
            with torch.no_grad():
                return learner.inputs_of("side0", {}), learner.values("side0", joint)

        inputs, values = said(columns)
        others, else_ = said({**columns, "state": columns["state"] + 1.0})
        assert torch.equal(inputs, others) and torch.equal(values, else_) != sees
        snapshot = engine.snapshot()
        assert {key.split("/")[0] for key in snapshot.arrays} == set(learner.names)
        assert not any("critic" in key or "value" in key for key in snapshot.arrays)
        assert any("critic" in key for key in engine.save().arrays)


@settings(max_examples=20, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(1e-2, 1e3), st.integers(1, 5))
def test_a_critic_that_rescales_says_what_it_said(mean: float, deviation: float, updates: int) -> None:
    """In units of rewards; and its targets have about mean 0 and deviation 1 in its own."""
    torch.manual_seed(0)
    critic, seen = StateCritic(3, [8], "tanh"), torch.randn(4, 5, 3)
    target = mean + deviation * torch.randn(500, dtype=torch.float64)
    with torch.no_grad():
        before = critic.scale.rewards(critic(seen))
        for _ in range(updates):
            critic.absorb(target.mean(), target.square().mean())
        after = critic.scale.rewards(critic(seen))
    assert torch.allclose(before, after, rtol=1e-3, atol=1e-3 * (1 + abs(mean)))
    units = critic.scale.units(target)
    assert float(units.mean()) == pytest.approx(0, abs=0.01) and float(units.std()) == pytest.approx(1, abs=0.05)


def test_later_targets_count_more() -> None:
    scale = Scale()
    for mean in [0.0] * 30 + [5.0] * 30:
        scale.absorb(torch.tensor(mean), torch.tensor(mean**2 + 1.0))
    assert 4.5 < float(scale.mean) < 5 and 1 < float(scale.deviation) < 2


def test_a_value_goes_only_so_far_from_the_one_before(begun: Any, batch: Any, kinds: Any) -> None:
    """Where it is too far already, and on its way to the target, the gradient is cut."""
    gradients = {}
    for clip in (None, 1e-3):
        engine, _ = begun(kinds["at once"][0], "ctde/mappo", value_clip=clip)
        learner, columns = batch(engine, 60)
        columns |= learner.prepare("side0", columns)
        columns["known"] = columns["target"] + 9.0  # all are far away from there, on the target's side
        learner._fitting = "side0"
        learner.compute_gradients(learner.losses("side0", columns))
        gradients[clip] = learner.critic("side0").head.weight.grad
    assert gradients[None].abs().max() > 0 and float(gradients[1e-3].abs().max()) == 0
