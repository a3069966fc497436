"""Policies of networks: who plays with which, snapshots, and playing without Ray."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch

from marl import rng
from marl.arena import Arena, Pairings
from marl.env import EnvSpec, Group
from marl.errors import UserError
from marl.policies.random import Random
from marl.policy import Explicit, Policy
from marl.registry import POLICIES, load_registry
from marl.snapshot import Snapshot, canonical
from marl.space import Box, Discrete
from marl.testing.games.kuhn import KuhnPoker
from marl.training.networks import ModelConfig, NetworkPolicy, module_ids, networks, restore
from marl.training.networks.build import places

KEYS = rng.mix(9, np.arange(200))


def _policy(spec, sharing="all", sides=None, **model):
    return NetworkPolicy(spec, networks(spec, ModelConfig(**model), sharing, seed=3, sides=sides), sharing)


def _loosen(policy, scale=30.0):
    """Make a new policy prefer some actions, so that tests can tell one from another."""
    with torch.no_grad():
        for network in policy.networks.values():
            network.policy_head.weight *= scale
    return policy


def test_networks_are_shared_by_all_by_a_side_or_by_nobody(spec):
    assert module_ids(spec, "all") == ("scouts", "guards", "scouts", "guards")
    assert module_ids(spec, "side") == ("side0.scouts", "side0.guards", "side1.scouts", "side1.guards")
    assert module_ids(spec, "none") == ("ann", "bob", "cid", "dee")


def test_weights_follow_from_the_seed_and_disturb_no_other_randomness(spec):
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    one, same, other = (networks(spec, seed=seed) for seed in (1, 1, 2))
    assert torch.rand(1) == expected
    assert torch.equal(one["scouts"].policy_head.weight, same["scouts"].policy_head.weight)
    assert not torch.equal(one["scouts"].policy_head.weight, other["scouts"].policy_head.weight)


@pytest.mark.parametrize("sharing", ["side", "none"])
@pytest.mark.parametrize("kind", ["mlp", "gru"])
def test_every_row_is_answered_by_its_own_network(spec, rows, sharing, kind):
    policy = _loosen(_policy(spec, sharing, kind=kind))
    batch = rows(spec, 1, 200)
    memory = policy.memory(200)
    memory = None if memory is None else memory + rng.uniform(KEYS)[:, None].astype(np.float32)
    acts = policy.act(batch, memory, KEYS)
    ids = module_ids(spec, sharing)
    for agent in spec.groups[1].agents:
        alone = NetworkPolicy(spec, {ids[agent]: policy.networks[ids[agent]]}, sharing)
        where = np.flatnonzero(batch.agent == agent)
        part = alone.act(batch.take(where), None if memory is None else memory[where], KEYS[where])
        np.testing.assert_array_equal(acts.action[where], part.action)
        np.testing.assert_allclose(acts.logp[where], part.logp, atol=1e-5)
        np.testing.assert_allclose(acts.value[where], part.value, atol=1e-5)
        if memory is not None:
            np.testing.assert_allclose(acts.memory[where], part.memory, atol=1e-5)


def test_a_policy_of_one_side_plays_only_that_side(spec, rows):
    policy = _policy(spec, "side", sides=[1])
    assert set(policy.networks) == {"side1.scouts", "side1.guards"}
    policy.act(rows(spec, 0, 8, agents=[2]), None, KEYS[:8])
    with pytest.raises(UserError, match="no network for 'ann': it has side1"):
        policy.act(rows(spec, 0, 8), None, KEYS[:8])
    with pytest.raises(UserError, match="no network for 'ann'"):
        policy.act(rows(spec, 0, 8, agents=[0]), None, KEYS[:8])


@pytest.mark.parametrize("kind", ["mlp", "cnn", "gru", "lstm"])
@pytest.mark.parametrize("sharing", ["all", "side", "none"])
def test_a_restored_snapshot_plays_identically(board, rows, kind, sharing):
    policy = _loosen(_policy(board, sharing, kind=kind, hidden=[16]))
    copy = restore(board, policy.snapshot({"note": "x"}))
    batch, memory = rows(board, 0, 100), policy.memory(100)
    one, two = policy.act(batch, memory, KEYS[:100]), copy.act(batch, memory, KEYS[:100])
    for name in ("action", "logp", "value", "memory"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert copy.snapshot({"note": "x"}).id == policy.snapshot({"note": "x"}).id


def test_snapshots_are_float_arrays_and_json(spec):
    snapshot = _policy(spec).snapshot({"step": 5})
    canonical(snapshot.meta)
    assert snapshot.policy == "marl/network"
    assert snapshot.meta["step"] == 5
    assert snapshot.arrays["scouts/policy_head.weight"].shape == (4, 64)
    assert {array.dtype for array in snapshot.arrays.values()} == {np.dtype(np.float32)}


def test_a_snapshot_is_frozen_and_a_live_policy_follows_its_weights(board, rows):
    live = _policy(board)
    snapshot = live.snapshot()
    frozen, batch = restore(board, snapshot), rows(board, 0, 50)
    before = frozen.act(batch, None, KEYS[:50])
    with torch.no_grad():
        live.networks["players"].value_head.bias += 1
    np.testing.assert_allclose(live.act(batch, None, KEYS[:50]).value, before.value + 1, rtol=1e-5)
    np.testing.assert_array_equal(frozen.act(batch, None, KEYS[:50]).value, before.value)
    np.testing.assert_array_equal(restore(board, snapshot).act(batch, None, KEYS[:50]).value, before.value)
    assert not any(p.requires_grad for network in frozen.networks.values() for p in network.parameters())
    assert not any(network.training for network in frozen.networks.values())


def test_equal_batches_are_answered_equally_and_other_batches_nearly(board, rows):
    policy, batch = _loosen(_policy(board, hidden=[128, 128])), rows(board, 0, 200)
    one, two = policy.act(batch, None, KEYS), policy.act(batch, None, KEYS)
    np.testing.assert_array_equal(one.logp, two.logp)
    alone = [policy.act(batch.take(slice(i, i + 1)), None, KEYS[i : i + 1]) for i in range(200)]
    np.testing.assert_array_equal(one.action, [acts.action[0] for acts in alone])
    np.testing.assert_allclose(one.logp, [acts.logp[0] for acts in alone], atol=1e-5)
    np.testing.assert_allclose(one.value, [acts.value[0] for acts in alone], atol=1e-5)


@pytest.mark.parametrize("sharing", ["all", "none"])
def test_probabilities_are_those_that_are_played(board, rows, sharing):
    policy, batch = _loosen(_policy(board, sharing)), rows(board, 0, 200)
    table, acts = policy.probabilities(batch), policy.act(batch, None, KEYS)
    assert isinstance(policy, Policy)
    assert isinstance(policy, Explicit)
    assert (table[~batch.mask] == 0).all()
    np.testing.assert_allclose(table.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(np.log(table[np.arange(200), acts.action]), acts.logp, atol=1e-5)


def test_probabilities_that_do_not_exist_are_refused(board, spec, rows):
    with pytest.raises(UserError, match="with a memory"):
        _policy(board, kind="gru").probabilities(rows(board, 0, 4))
    with pytest.raises(UserError, match="only Discrete"):
        _policy(spec).probabilities(rows(spec, 1, 4))


def test_observations_may_be_read_only_and_strided(board, rows):
    policy, batch = _policy(board), rows(board, 0, 100)
    expected = policy.act(batch, None, KEYS[:100]).value
    batch.observation = np.repeat(batch.observation, 2, axis=0)[::2]
    batch.observation.flags.writeable = False
    np.testing.assert_array_equal(policy.act(batch, None, KEYS[:100]).value, expected)


def test_real_actions_reach_the_environment_in_their_bounds(rows):
    box = Box((2,), -1, 1)
    spec = EnvSpec(("car",), (Group("cars", (0,), Box((3,)), box),), ((0,),), "simultaneous", 10)
    acts = _policy(spec).act(rows(spec, 0, 200), None, KEYS)
    assert acts.action.dtype == np.float32
    assert np.abs(acts.action).max() == 1


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_networks_play_in_the_arena_as_each_lane_count_has_it(kind):
    results = []
    for lanes in (3, 40):
        game = KuhnPoker(lanes)
        policies = [_loosen(_policy(game.spec, kind=kind, hidden=[8], memory=8)), Random(game.spec)]
        results.append(Arena(game).play(policies, Pairings.repeat([[0, 1], [1, 0]], 100, seed=1)))
    np.testing.assert_array_equal(results[0].returns, results[1].returns)
    assert results[0].fault.max() == -1


def _other(spec, **changes):
    group = spec.groups[0]
    parts = {"name": group.name, "agents": group.agents, "observation": group.observation, "action": group.action}
    return EnvSpec(spec.agents, (Group(**{**parts, **changes}),), spec.sides, spec.dynamics, spec.max_length)


def test_snapshots_that_do_not_fit_are_refused_with_a_sentence(board):
    snapshot = _policy(board).snapshot()
    with pytest.raises(UserError, match=r"was made for the action .*4.*, and group 'players' has .*5"):
        restore(_other(board, action=Discrete(5)), snapshot)
    with pytest.raises(UserError, match="was made for the observation"):
        restore(_other(board, observation=Box((3, 5, 4), -1, 1)), snapshot)
    with pytest.raises(UserError, match=r"'players', which serves nobody .* it has \['team'\]"):
        restore(_other(board, name="team"), snapshot)
    with pytest.raises(UserError, match="needs a snapshot"):
        restore(board)
    with pytest.raises(UserError, match="the policy 'marl/network' needs a snapshot"):
        restore(board, Snapshot("marl/network", {}))
    with pytest.raises(UserError, match="not one of networks"):
        restore(board, Snapshot("marl/tabular", {}))
    arrays = {name: array for name, array in snapshot.arrays.items() if "value_head.bias" not in name}
    with pytest.raises(UserError, match=r"damaged: players/value_head\.bias is missing"):
        restore(board, Snapshot(snapshot.policy, arrays, snapshot.meta))


def test_networks_that_nobody_needs_are_refused(board):
    with pytest.raises(ValueError, match="serve nobody"):
        NetworkPolicy(board, networks(board), "side")


def test_who_learned_as_one_side_of_a_symmetric_game_is_told_the_same_as_the_other(spec):
    apart, alike = (places(dataclasses.replace(spec, symmetric=symmetric)).tolist() for symmetric in (False, True))
    assert apart == [0, 0, 1, 1] and alike == [0, 0, 0, 0]
    together = EnvSpec(
        spec.agents, (dataclasses.replace(spec.groups[0], agents=(0, 1, 2, 3)),), ((0, 1), (2, 3)), "simultaneous", 9
    )
    together = dataclasses.replace(together, symmetric=True)
    assert places(together).tolist() == [0, 1, 0, 1]
    seen = _policy(together, identity=True).seen(np.zeros((2, 1)), np.array([1, 3]))
    assert seen["agent"].tolist() == [1, 1]


def test_groups_may_have_networks_of_different_kinds(spec, rows):
    kinds = [ModelConfig(kind="gru", memory=5, identity=True), ModelConfig(), ModelConfig(kind="lstm", memory=6)]
    apart = [networks(spec, kind) for kind in kinds]
    names = [group.name for group in spec.groups]
    for first, second in ((0, 1), (1, 2), (2, 0)):
        policy = NetworkPolicy(spec, {names[0]: apart[first][names[0]], names[1]: apart[second][names[1]]})
        sizes = [network.memory_size for network in policy.networks.values()]
        assert policy.memory(3).shape == (3, max(sizes))
        for group, size in enumerate(sizes):
            batch, keys = rows(spec, group, 9), rng.mix(1, np.arange(9))
            alone = NetworkPolicy(spec, apart[(first, second)[group]])
            mine, theirs = policy.memory(9), alone.memory(9)
            for _ in range(2):
                one, other = policy.act(batch, mine, keys), alone.act(batch, theirs, keys)
                np.testing.assert_array_equal(one.logp, other.logp)
                mine, theirs = one.memory, other.memory
                assert mine.shape == (9, max(sizes)) and not mine[:, size:].any()


def test_the_registry_restores_networks(board, rows):
    policy = _policy(board)
    again = load_registry().make(POLICIES, policy.snapshot().policy, {}, spec=board, snapshot=policy.snapshot())
    batch = rows(board, 0, 9)
    np.testing.assert_array_equal(policy.probabilities(batch), again.probabilities(batch))


def test_snapshots_play_without_ray():
    code = """
import sys
from marl.arena import Arena, Pairings
from marl.testing.games.kuhn import KuhnPoker
from marl.training.networks import NetworkPolicy, networks, restore
game = KuhnPoker(8)
policy = restore(game.spec, NetworkPolicy(game.spec, networks(game.spec)).snapshot())
assert len(Arena(game).play([policy], Pairings.repeat([[0, 0]], 20, seed=1))) == 20
assert "ray" not in sys.modules and "gymnasium" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_networks_on_a_gpu_play_as_on_the_processor(board, rows):
    policy, batch = _loosen(_policy(board)), rows(board, 0, 200)
    here = policy.act(batch, None, KEYS)
    policy.networks["players"].cuda()
    there = policy.act(batch, None, KEYS)
    np.testing.assert_array_equal(here.action, there.action)
    np.testing.assert_allclose(here.logp, there.logp, atol=1e-3)
