"""Stacks of networks answer as their members do one by one, also in the arena."""

import dataclasses

import numpy as np
import pytest
import torch

from marl import rng
from marl.arena import Arena, Mixtures, Pairings, Sampler
from marl.env import EnvSpec, Group
from marl.errors import UserError
from marl.space import Box, Discrete
from marl.testing.games.kuhn import KuhnPoker
from marl.training.networks import ModelConfig, NetworkPolicy, networks, restore
from marl.training.networks.policy import NetworkParams
from marl.training.networks.stacked import NetworkStack

KEYS = rng.mix(9, np.arange(300))


def _frozen(spec, seed, **model):
    policy = NetworkPolicy(spec, networks(spec, ModelConfig(**model), seed=seed))
    with torch.no_grad():
        for network in policy.networks.values():
            network.policy_head.weight *= 30
    return restore(spec, policy.snapshot())


class Apart:
    """A policy that cannot be stacked."""

    def __init__(self, policy):
        self.memory, self.act = policy.memory, policy.act


@pytest.mark.parametrize("counts", [[10, 20, 30, 40], [0, 5, 0, 1], [280, 2, 3, 4], [1, 0, 0, 0], [100, 100, 0, 100]])
@pytest.mark.parametrize("action", [Discrete(4), Box((2,), -1, 1)])
def test_a_stack_answers_as_its_members_do(rows, counts, action):
    group = Group("players", (0, 1), Box((3, 5, 4), 0, 1), action)
    spec = EnvSpec(("x", "o"), (group,), ((0,), (1,)), "turns", 10)
    members = [_frozen(spec, seed, hidden=[16, 8]) for seed in range(4)]
    which = np.repeat(np.arange(4), counts)
    batch, keys = rows(spec, 0, len(which)), KEYS[: len(which)]
    acts = members[0].stack(members).act(batch, which, keys)
    for index, member in enumerate(members):
        where = np.flatnonzero(which == index)
        if len(where):
            alone = member.act(batch.take(where), None, keys[where])
            np.testing.assert_allclose(acts.action[where], alone.action, atol=1e-5)
            np.testing.assert_allclose(acts.logp[where], alone.logp, atol=1e-4)
            np.testing.assert_allclose(acts.value[where], alone.value, atol=1e-5)


def test_only_frozen_networks_of_one_shape_are_stacked(board):
    one, same, other = _frozen(board, 1), _frozen(board, 2), _frozen(board, 3, hidden=[8])
    assert one.build() == same.build() != other.build()
    assert NetworkPolicy(board, networks(board)).build() is None
    assert _frozen(board, 1, kind="gru").build() is None
    assert _frozen(board, 1, kind="cnn").build() is None
    assert _frozen(board, 1, separate_value=True).build() is None


def test_greedy_networks_are_stacked_with_their_like_only(board, rows):
    plain, other = _frozen(board, 1), _frozen(board, 2)
    greedy, too = (restore(board, policy.snapshot(), params=NetworkParams(greedy=True)) for policy in (plain, other))
    assert greedy.build() == too.build() != plain.build()
    batch, which = rows(board, 0, 60), np.repeat([0, 1], 30)
    keys = rng.mix(4, np.arange(60))
    acts = greedy.stack([greedy, too]).act(batch, which, keys)
    expected = [policy.probabilities(batch).argmax(axis=1) for policy in (plain, other)]
    np.testing.assert_array_equal(acts.action, np.where(which == 0, *expected))


def test_networks_that_are_told_who_they_are_answer_so_when_stacked_too(board, rows):
    members = [_frozen(board, seed, identity=True) for seed in (1, 2)]
    batch, keys = rows(board, 0, 60), rng.mix(4, np.arange(60))
    same = dataclasses.replace(batch, observation=np.repeat(batch.observation[:1], 60, axis=0), mask=None)
    table = members[0].probabilities(same)
    assert (table[0::2] == table[0]).all() and (table[1::2] == table[1]).all() and (table[0] != table[1]).any()
    which = np.repeat([0, 1], 30)
    stacked = members[0].stack(members).act(same, which, keys)
    apart = [member.act(same, None, keys) for member in members]
    np.testing.assert_array_equal(stacked.action, np.where(which == 0, apart[0].action, apart[1].action))
    np.testing.assert_allclose(stacked.value, np.where(which == 0, apart[0].value, apart[1].value), atol=1e-5)


def test_a_stack_refuses_agents_whom_its_members_do_not_serve(board, rows):
    built = NetworkPolicy(board, networks(board, sharing="side", sides=[1]), "side")
    policy = restore(board, built.snapshot())
    stack = policy.stack([policy] * 4)
    stack.act(rows(board, 0, 8, agents=[1]), np.arange(8) // 2, KEYS[:8])
    with pytest.raises(UserError, match="no network for 'x'"):
        stack.act(rows(board, 0, 8, agents=[0]), np.arange(8) // 2, KEYS[:8])


@pytest.fixture
def stacked_calls(monkeypatch):
    """How many rows went through stacks."""
    seen, act = [], NetworkStack.act
    monkeypatch.setattr(NetworkStack, "act", lambda *given: seen.append(len(given[1])) or act(*given))
    return seen


def test_a_population_plays_the_same_matches_stacked_and_apart(stacked_calls):
    game = KuhnPoker(64)
    policies = [_frozen(game.spec, seed, hidden=[8]) for seed in range(7)]
    pairings = Pairings.repeat([[a, b] for a in range(7) for b in range(7)], 6, seed=1)
    stacked = Arena(game).play(policies, pairings)
    assert sum(stacked_calls) > 400
    apart = Arena(game).play([Apart(policy) for policy in policies], pairings)
    np.testing.assert_array_equal(stacked.returns, apart.returns)


def test_a_learner_among_stacked_opponents_plays_and_learns_as_ever(stacked_calls):
    game, count = KuhnPoker(32), 6
    learner = NetworkPolicy(game.spec, networks(game.spec, seed=100))
    opponents = [_frozen(game.spec, seed, hidden=[8]) for seed in range(count)]
    weights = np.array([[1.0] + [0.0] * count, [0.0] + [1.0] * count])
    windows = []
    for others in (opponents, [Apart(policy) for policy in opponents]):
        sampler = Sampler(game, [learner, *others], Mixtures(weights, seed=3), learners=[0])
        windows.append(sampler.collect(500)[0])
        sampler.play.use([learner, *others[::-1]], Mixtures(weights, seed=4))
        windows.append(sampler.collect(500)[0])
    assert stacked_calls
    for stacked, apart in zip(windows[:2], windows[2:], strict=True):
        assert set(stacked.player) == {0}
        for name in ("observation", "action", "reward", "agent"):
            np.testing.assert_array_equal(getattr(stacked, name), getattr(apart, name))
        np.testing.assert_allclose(stacked.logp, apart.logp, atol=1e-5)
