"""Teams whose agents act together: what is learned from is what was played, and who hears or sees what of whom."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from marl.errors import UserError
from marl.training.experience.episodes import WholeMatches

REPLAY = {"steps_per_episode": 0.5, "capacity": 40}
TOGETHER: dict[str, dict[str, Any]] = {"mardpg": REPLAY, "mat": {}, "bnac": {}}


@pytest.fixture
def at_hand(begun: Any, batch: Any) -> Any:
    """A learner, whole matches that its policy has just played, what its loss gets, and what networks say."""

    def make(name: str, make: Any, sharing: str, **params: Any) -> Any:
        engine, _ = begun(make, f"ctde/{name}", sharing=sharing, **{**TOGETHER[name], **params})
        experience = engine.backend.samplers[0].experience
        experience.cut = partial(WholeMatches.cut, experience)  # with the log-probabilities of what was played
        shaken(engine.backend.learner)
        learner, columns = batch(engine, 120)
        joint = learner.joint("side0", columns)
        return learner, columns, joint, learner.inputs_of("side0", {}, learns=True)

    return make


def shaken(learner: Any) -> None:
    """Weights of team models far from those of new ones, which hardly look at what teammates do."""
    drawn = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name in learner.names:
            for weight in () if learner.network(name).team is None else learner.network(name).team.parameters():
                weight.add_(0.4 * torch.randn(weight.shape, generator=drawn))


@pytest.mark.parametrize("name", TOGETHER)
def test_what_is_learned_from_is_what_was_played(at_hand: Any, kind: Any, name: str) -> None:
    """Choices, messages, memories: the learner goes through whole matches and finds the log-probabilities of play.

    In turns, with agents that fall out and others that wait, with groups apart, masks, real actions and choices.
    """
    _, make, sharing = kind
    learner, _, joint, inputs = at_hand(name, make, sharing)
    turns = joint["acts"][:, :-1] & joint["valid"][..., None]
    found = learner.policies("side0").logp(inputs[:, :-1], joint["action"])
    assert turns.sum() > 60 and torch.allclose(found[turns], joint["logp"][turns], atol=2e-4)
    assert not torch.allclose(found[turns], found[turns].mean(), atol=1e-4)


@pytest.mark.parametrize(("message", "heard"), [(3, True), (0, False)])
def test_a_message_is_heard_a_turn_later_and_its_gradient_goes_back(at_hand: Any, message: int, heard: bool) -> None:
    """What the listener does follows from what the speaker saw a tick before, where there is a channel."""
    learner, columns, _, _ = at_hand("mardpg", "classic/whispers", "none", message=message)
    seen = columns["agents"]["speaker"]["observation"].requires_grad_()
    learner.joint("side0", columns)
    inputs = learner.inputs_of("side0", {}, learns=True)  # [E, T + 1, n, A]
    weights = torch.linspace(0.0, 1.0, inputs.shape[3])
    for step, follows in ((0, False), (1, heard)):
        (slope,) = torch.autograd.grad((inputs[:, step, 1] * weights).sum(), seen, retain_graph=True)
        assert bool(slope.abs().max() > 0) == follows
    encoder = list(learner.network("speaker").encoder.parameters())
    sent = torch.autograd.grad((inputs[:, 1, 1] * weights).sum(), encoder, allow_unused=True)
    assert any(one is not None and one.abs().max() > 0 for one in sent) == heard


def test_an_agent_goes_by_what_those_before_it_chose_and_not_by_later_ones(at_hand: Any, kinds: Any) -> None:
    """Of MAT, agent by agent: other choices of one change what heads of later agents say, and nothing else."""
    learner, columns, joint, before = at_hand("mat", *kinds["at once"])
    turns = joint["acts"][:, :-1] & joint["valid"][..., None]
    for agent in range(3):
        others = {**columns, "agents": {"g0": {**columns["agents"]["g0"]}}}
        action = columns["agents"]["g0"]["action"].clone()
        action[:, :, agent] = (action[:, :, agent] + 1) % 3
        others["agents"]["g0"]["action"] = action
        learner.joint("side0", others)
        after = learner.inputs_of("side0", {})
        for place in range(3):
            there = turns[:, :, place] & turns[:, :, agent]
            same = torch.equal(before[:, :-1, place][there], after[:, :-1, place][there])
            assert there.sum() > 10 and same == (place <= agent)


def test_all_that_is_chosen_is_legal(at_hand: Any, kinds: Any) -> None:
    """By the masks of each agent, whichever stage it decides in; what is illegal has no probability."""
    _, columns, joint, inputs = at_hand("mat", *kinds["at once"])
    turns = joint["acts"][:, :-1] & joint["valid"][..., None]
    mask = columns["agents"]["g0"]["mask"][:, :-1]
    assert mask.gather(3, joint["action"][..., None].long())[..., 0][turns].all() and not mask[turns].all()
    chances = inputs[:, :-1].softmax(3)
    assert not chances[turns][~mask[turns]].any() and torch.allclose(chances[turns].sum(1), torch.ones(1))


def test_the_critics_error_reaches_the_encoder(at_hand: Any, kinds: Any) -> None:
    """MAT's values stand on what the encoder makes of what all see, and on nothing that is chosen."""
    learner, columns, joint, _ = at_hand("mat", *kinds["at once"])
    batch = joint | learner.prepare("side0", columns)
    learner.joint("side0", columns)
    learner.inputs_of("side0", {}, learns=True)
    team = learner.network("g0").team
    weights = [*team.encoder.parameters(), *learner.network("g0").encoder.parameters(), *team.decoder.parameters()]
    found = torch.autograd.grad(learner.value_loss("side0", batch), weights, allow_unused=True)
    decoder = len(list(team.decoder.parameters()))
    assert all(one is None for one in found[-decoder:])
    assert sum(one is not None and float(one.abs().max()) > 0 for one in found[:-decoder]) > 10


def test_a_width_that_heads_cannot_share_is_said(begun: Any, kinds: Any) -> None:
    make, sharing = kinds["at once"]
    with pytest.raises(UserError, match="attention_heads: 8 features"):
        begun(make, "ctde/mat", sharing=sharing, model={"hidden": [8]}, attention_heads=3)


def test_who_has_no_turn_leaves_standing_what_it_said_and_remembers_it() -> None:
    from marl.training.networks.team_model import TeamSize
    from marl_ctde.messages import Messages, MessagesParams

    torch.manual_seed(0)
    model = Messages(TeamSize(3, 2), 5, MessagesParams(message=2))
    acts = torch.tensor([[True, False, True]])
    memory = torch.randn(1, model.memory_size)
    _, after = model.look(torch.randn(1, 3, 5), acts, memory)
    assert after is not None
    same = (after == memory).reshape(3, 7)
    assert same[1].all() and not same[[0, 2]].any()


@pytest.mark.slow
@pytest.mark.parametrize(("message", "least", "most"), [(4, 1.0, 1.0), (0, 0.2, 0.45)])
def test_only_who_hears_can_say_what_another_saw(
    begun: Any, returns: Any, message: int, least: float, most: float
) -> None:
    params: dict[str, Any] = {
        "lanes": 32,
        "rows": 128,
        "minibatch": 32,
        "steps_per_episode": 0.2,
        "lr": 5e-3,
        "target_rate": 0.05,
    }
    model = {"hidden": [16]}
    engine, services = begun(
        "classic/whispers",
        "ctde/mardpg",
        seed=0,
        message=message,
        sharing="none",
        model=model,
        env_steps=5_000,
        **params,
    )
    while not engine.done:
        engine.update()
    assert least <= returns(engine, services, 256) <= most


@pytest.mark.parametrize("name", TOGETHER)
def test_a_team_in_a_tournament_plays_as_in_the_arena(begun: Any, kinds: Any, name: str) -> None:
    """With its messages and stages, whatever groups its agents are in."""
    from league.referee import PolicyPlayer, play_match
    from marl.arena import Arena, Pairings
    from marl.training.networks import restore

    make, sharing = kinds["groups in turns, nothing shared"]
    engine, services = begun(make, f"ctde/{name}", sharing=sharing, **TOGETHER[name])
    engine.update()
    policy = restore(services.spec, engine.snapshot())
    seeds = np.arange(6, dtype=np.uint64)
    results = Arena(make(4)).play([policy], Pairings(np.zeros((6, 1), dtype=np.int64), seeds))
    records = [play_match(make(1), "relay", [PolicyPlayer("team", policy)], int(seed)) for seed in seeds]
    assert [record.returns for record in records] == [tuple(row) for row in results.returns.tolist()]
    assert len({record.returns for record in records}) > 2


def test_an_agents_own_memory_is_refused(begun: Any, kinds: Any) -> None:
    make, sharing = kinds["at once"]
    with pytest.raises(UserError, match=r"model\.kind: gru: what a team remembers"):
        begun(make, "ctde/mardpg", sharing=sharing, model={"kind": "gru"}, **REPLAY)


def test_nobody_of_a_team_is_asked_alone(begun: Any, kinds: Any) -> None:
    make, sharing = kinds["at once"]
    engine, services = begun(make, "ctde/mardpg", sharing=sharing, **REPLAY)
    (rows,) = services.environment(2).reset(np.arange(2), np.arange(2, dtype=np.uint64))
    with pytest.raises(UserError, match="acts for all agents of a side at once"):
        engine.backend.policy.act(rows, None, np.arange(len(rows), dtype=np.uint64))
