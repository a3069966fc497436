"""VMAS's scenarios behind marl's face: conformance, VMAS's own numbers, what is refused."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

pytest.importorskip("vmas", reason="VMAS is not installed")

import torch
import vmas

from marl import rng
from marl.errors import UserError
from marl.registry import ENVIRONMENTS, load_registry
from marl.space import Box, Discrete
from marl.testing import conformance_tests
from marl_vmas.catalogue import LISTED
from marl_vmas.params import AnyParams, VmasParams
from marl_vmas.scenarios import any_scenario, make

GAMES = {"navigation": partial(make, "navigation", params=VmasParams({"n_agents": 2}, steps=5))}

test_conformance = conformance_tests(GAMES, chance=True, ticks=12)


@pytest.mark.parametrize("discrete", [False, True])
def test_it_is_vmas_tick_by_tick(discrete: bool) -> None:
    """Three matches side by side are three simulations of one match each, with the same seeds and actions."""
    ours = make("balance", 3, VmasParams(discrete=discrete))
    lanes, seeds = np.arange(3), rng.mix(5, np.arange(3))
    ours.reset(lanes, seeds)
    theirs = []
    for seed in seeds.tolist():
        one = vmas.make_env("balance", 1, continuous_actions=not discrete, seed=0)
        one.seed(seed & 0x7FFFFFFF)
        one.reset_at(0)
        theirs.append(one)
    for tick in range(6):
        keys = rng.mix(np.repeat(lanes, 3), np.tile(np.arange(3), 3), tick)
        real = np.stack([rng.uniform(keys, 0), rng.uniform(keys, 1)], axis=1).astype(np.float32)
        actions = rng.integers(keys, 9) if discrete else 2 * real - 1
        step = ours.step(lanes, [actions])
        for lane, one in enumerate(theirs):
            asked = [
                torch.tensor(action, dtype=torch.float32).reshape(1, -1) for action in actions[3 * lane : 3 * lane + 3]
            ]
            seen, rewards, ended, _ = one.step(asked)
            np.testing.assert_allclose(step.rewards[lane], np.concatenate(rewards), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(ours.seen_0[lane], np.concatenate(seen), rtol=1e-4, atol=1e-5)  # type: ignore[attr-defined]
            assert bool(ended[0]) == bool(step.terminated[lane].all())
        lanes = lanes[~step.done]
        if len(lanes) < 3:
            break


def test_spaces_groups_and_state() -> None:
    ours = make("balance", 2, VmasParams({"n_agents": 4}))
    (group,) = ours.spec.groups
    assert group.agents == (0, 1, 2, 3) and ours.spec.sides == ((0, 1, 2, 3),)
    assert isinstance(group.observation, Box) and group.action == Box((2,), -1.0, 1.0)
    ours.reset(np.arange(2), np.arange(2, dtype=np.uint64))
    assert ours.state(np.arange(2)).shape == (2, 4 * group.observation.shape[0])
    assert make("balance", 1, VmasParams(discrete=True)).spec.groups[0].action == Discrete(9)


def test_what_vmas_does_not_have_is_a_sentence() -> None:
    with pytest.raises(UserError, match="VMAS has no scenario 'balanec'; did you mean 'balance'"):
        any_scenario(1, AnyParams(scenario="balanec"))
    with pytest.raises(UserError, match=r"VMAS cannot make 'balance' with {'n_agents': 'many'}"):
        make("balance", 1, VmasParams({"n_agents": "many"}))
    with pytest.raises(UserError, match="'agents': 3} passed but not used"):
        make("balance", 1, VmasParams({"agents": 3}))


def test_the_plugin_lists_scenarios() -> None:
    found = {one.name for one in load_registry().all(ENVIRONMENTS) if one.plugin == "vmas"}
    assert found == {*LISTED, "any"}
