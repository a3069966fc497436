"""Critics of joint actions: what they are shown, what follows, and whose gradient goes where."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from marl.errors import UserError
from marl.space import MultiDiscrete
from marl.training.team_choice import TeamShape
from marl_ctde.critics import FactoredCritic
from marl_ctde.policies import straight_through

REPLAY = {"steps_per_episode": 0.5, "capacity": 40}
JOINT = ["maddpg", "facmac", "masac"]


@pytest.fixture
def at_hand(begun: Any, batch: Any, kinds: Any) -> Any:
    """A learner, matches of a team with real actions and choices as its loss has them, and what networks say."""

    def make(name: str, kind: str = "real and choices") -> Any:
        engine, _ = begun(kinds[kind][0], f"ctde/{name}", sharing=kinds[kind][1], **REPLAY)
        learner, columns = batch(engine, 60)
        joint = learner.joint("side0", columns)
        return learner, joint, learner.inputs_of("side0", {}, learns=True)

    return make


def test_actions_are_numbers(at_hand: Any) -> None:
    """Real ones as they are (their box is -1 to 1), choices one-hot, zeros behind."""
    learner, joint, inputs = at_hand("maddpg")
    numbers = learner.policies("side0").played(joint["action"], inputs.shape[3])
    assert numbers.shape == (*joint["action"].shape[:3], 4) == (*inputs.shape[:1], inputs.shape[1] - 1, 3, 4)
    assert torch.equal(numbers[:, :, 1, :2], joint["action"][:, :, 1].float()) and not numbers[:, :, 1, 2:].any()
    for place in (0, 2):
        assert torch.equal(numbers[:, :, place].argmax(2), joint["action"][:, :, place, 0].long())
        assert (numbers[:, :, place].sum(2) == 1).all()


@pytest.mark.parametrize("name", JOINT)
def test_no_gradient_of_policies_reaches_the_critic_or_the_other_way(at_hand: Any, name: str) -> None:
    learner, joint, inputs = at_hand(name)
    critic = learner.mixer("side0", "critic")
    played = learner.policies("side0").played(joint["action"], inputs.shape[3])
    policy_loss, _ = learner.policy_loss("side0", joint, inputs[:, :-1], played)
    asked = [*critic.parameters(), inputs]
    found = torch.autograd.grad(policy_loss, asked, allow_unused=True)
    assert all(one is None for one in found[:-1]) and float(found[-1].abs().max()) > 0
    value = learner.valued("side0", joint, played).sum()
    found = torch.autograd.grad(value, asked, allow_unused=True)
    assert found[-1] is None and all(float(one.abs().max()) > 0 for one in found[:2])


@pytest.mark.parametrize(("name", "together"), [("maddpg", False), ("facmac", True)])
def test_an_agent_of_maddpg_takes_the_others_as_they_were(at_hand: Any, name: str, together: bool) -> None:
    """Equation 5: only its own action is its policy's. In FACMAC all are."""
    learner, joint, inputs = at_hand(name, "at once")
    for parameter in learner.mixer("side0", "critic").parameters():
        torch.nn.init.normal_(parameter)
    played = learner.policies("side0").played(joint["action"], inputs.shape[3])
    turns = (joint["acts"][:, :-1] & joint["valid"][..., None])[..., None]

    def gradient(others: float) -> Any:
        """Of what the first agent does, where the others' policies do so."""
        relaxed = torch.full_like(played, others) * turns
        relaxed[:, :, 0] = 0.5 * turns[:, :, 0]
        relaxed.requires_grad_()
        (found,) = torch.autograd.grad(learner.worse("side0", joint, relaxed, played * turns), relaxed)
        return found[:, :, 0]

    assert (gradient(0.1) - gradient(0.9)).abs().max() > 1e-6 if together else torch.equal(gradient(0.1), gradient(0.9))
    assert gradient(0.1).abs().max() > 0


def test_what_follows_is_what_target_policies_would_do(at_hand: Any) -> None:
    """Without chance, and by the target critic; old weights of both still count after those of now have changed."""
    learner, joint, inputs = at_hand("maddpg", "at once")
    before = learner.ahead("side0", joint, inputs)
    best = torch.nn.functional.one_hot(inputs[:, 1:].argmax(3), 3) * joint["acts"][:, 1:, :, None]
    assert torch.equal(before, learner.valued("side0", joint, best, later=True)[0])
    with torch.no_grad():
        for module in (learner.network("g0"), learner.mixer("side0", "critic")):
            for parameter in module.parameters():
                parameter.add_(0.3)
    assert torch.allclose(learner.ahead("side0", joint, inputs), before, atol=1e-6)
    learner.stepped("side0")
    assert not torch.allclose(learner.ahead("side0", joint, inputs), before, atol=1e-6)


def test_entropy_is_worth_something_and_its_price_follows_what_is_wanted(at_hand: Any) -> None:
    learner, joint, inputs = at_hand("masac")
    entropies = {}
    for price in (-30.0, 0.0):
        with torch.no_grad():
            learner.log("side0").fill_(price)
        learner._drawn = 0
        entropies[price] = learner.ahead("side0", joint, inputs.detach())
    learner._drawn = 0
    later = inputs.detach()[:, 1:]
    _, entropy = learner.policies("side0").drawn(later, learner.normal(*later.shape))
    wanted = (entropy * joint["acts"][:, 1:]).sum(2)
    assert torch.allclose(entropies[0.0] - entropies[-30.0], wanted, atol=1e-4) and wanted.abs().max() > 1
    for share, sign in ((0.0, 1), (1.0, -1)):  # new policies are nearly uniform: too much, or just less than all
        learner.hyper.entropy_share, learner.hyper.entropy_real = share, -9.0 if sign > 0 else 9.0
        loss, _ = learner.policy_loss("side0", joint, inputs[:, :-1], None)
        (slope,) = torch.autograd.grad(loss, learner.log("side0"))
        assert float(slope) * sign > 0


def test_draws_are_of_the_softmax_and_gradients_are_of_it() -> None:
    torch.manual_seed(0)
    logits = torch.tensor([1.0, 0.0, -1e9, 2.0]).repeat(50_000, 1).requires_grad_()
    drawn = straight_through(logits, torch.randn(50_000, 4))
    assert set(drawn.detach().round(decimals=5).unique().tolist()) == {0.0, 1.0}
    assert torch.allclose(drawn.detach().mean(0), logits[0].detach().softmax(0), atol=0.01)
    (slope,) = torch.autograd.grad(drawn[:, 0].sum(), logits)
    assert slope[:, 0].mean() > 0.01 and slope[:, 3].mean() < -0.01 and not slope[:, 2].any()


def test_the_factored_critic_rises_with_every_utility() -> None:
    torch.manual_seed(0)
    critic = FactoredCritic(TeamShape(3, 4, 5, 2), [8], "tanh", 8, 8)
    about = torch.randn(50, 5), torch.randn(50, 3, 2), torch.randn(50, 3, 4), torch.rand(50, 3) < 0.7
    with torch.no_grad():
        before = critic(*about)
        critic.head.bias.add_(0.5)
        after = critic(*about)
    some = about[3].any(1)
    assert (after[0] > before[0])[some].all() and torch.equal(after[0][~some], before[0][~some])


def test_several_choices_at_once_are_refused(begun: Any) -> None:
    from marl.env import EnvSpec, Group
    from marl.space import Box

    group = Group("g", (0,), Box((1,)), MultiDiscrete((2, 3)))

    class Some:
        spec = EnvSpec(("a",), (group,), ((0,),), "simultaneous", 1)

    with pytest.raises(UserError, match="Discrete or Box actions"):
        begun(lambda lanes: Some(), "ctde/maddpg", **REPLAY)
