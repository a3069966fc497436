"""Environments that fail now and then, leave something behind, or do what comes too late to be played."""

from __future__ import annotations

import numpy as np
import pytest

from marl.arena import Arena, Failures, Mixtures, Sampler, Tolerance
from marl.errors import RunError
from marl.registry import ALGORITHMS, POLICIES, load_registry
from marl_pettingzoo import games
from marl_pettingzoo.params import AnyParams


def tiny(name, lanes=8, **options):
    return games.any_game(lanes, params=AnyParams(target=f"marl_pettingzoo_tiny:{name}", **options))


def sampler(name, told, checkpoint=None, **options):
    def make(lanes):
        return tiny(name, lanes, **options)

    policy = load_registry().make(POLICIES, "marl/random", {}, spec=make(1).spec)
    tolerance = Tolerance(Failures(1000), make, told.append)
    return Sampler(make(8), [policy], Mixtures(np.ones((2, 1)), 3), [0], checkpoint, tolerance)


@pytest.mark.parametrize("name", ["Crashing", "Empty"])
def test_a_match_that_fails_is_void_alone_and_its_environment_is_made_anew(name):
    import marl_pettingzoo_tiny

    told, kind = [], getattr(marl_pettingzoo_tiny, name)
    here = sampler(name, told)
    made = kind.made
    here.collect(4000)
    assert len(told) > 3 and kind.made == made + len(told)
    assert {failure.void for failure in told} == {1} and all(len(failure.matches) == 1 for failure in told)
    assert len(here.play.live) == 8 and here.play.drain().length.max() == 6


@pytest.mark.parametrize("name", ["Crashing", "Empty"])
def test_a_failure_that_is_not_put_up_with_says_what_and_where(name):
    with pytest.raises(RunError, match=r"in the match of seed|starts without anybody who could act"):
        Arena(tiny(name)).play(
            [load_registry().make(POLICIES, "marl/random", {}, spec=tiny(name, 1).spec)],
            Mixtures(np.ones((2, 1)), 3).block(0, 400),
        )


@pytest.mark.parametrize("fresh", [False, True])
def test_saved_matches_of_an_environment_that_leaves_something_behind_come_back_where_it_is_fresh(fresh):
    told = []
    first = sampler("Leaky", told, fresh=fresh)
    first.collect(333)
    again = sampler("Leaky", told, first.save(), fresh=fresh)
    assert (again.play.changed == 0) == fresh and not told
    assert len(again.play.live) == 8
    if fresh:
        one, other = again.collect(100)[0], first.collect(100)[0]
        np.testing.assert_array_equal(one.observation, other.observation)


def test_chance_that_is_not_seeded_starts_new_matches_where_saved_ones_were():
    told = []
    first = sampler("Restless", told)
    first.collect(333)
    for _ in range(3):
        again = sampler("Restless", told, first.save())
        assert again.play.changed > 0 and len(again.play.live) == 8
        again.collect(200)


def test_pay_after_death_is_left_out_and_counted():
    env = tiny("Legacy", 1)
    Arena(env).play(
        [load_registry().make(POLICIES, "marl/random", {}, spec=env.spec)], Mixtures(np.ones((2, 1)), 3).block(0, 5)
    )
    assert env.remarks == {"legacy pays agents whose part has ended, and that is left out": 5}


def test_agents_that_come_back_do_not_act_again_and_are_counted():
    env = tiny("Phoenix", 1)
    played = Arena(env).play(
        [load_registry().make(POLICIES, "marl/random", {}, spec=env.spec)], Mixtures(np.ones((2, 1)), 3).block(0, 5)
    )
    assert env.remarks == {"phoenix brings agents back whose part has ended, and they do not act again": 5}
    assert played.agent_returns.tolist() == [[2.0, 6.0]] * 5


def test_an_environment_that_insists_on_those_who_came_back_is_told_of():
    env = tiny("Phoenix", 1, parameters={"strict": True})
    with pytest.raises(RunError, match=r"'a_0' came back after their part had ended, and are given no actions"):
        Arena(env).play(
            [load_registry().make(POLICIES, "marl/random", {}, spec=env.spec)],
            Mixtures(np.ones((2, 1)), 3).block(0, 1),
        )


def test_the_training_of_an_adapter_tells_what_it_leaves_out(tmp_path):
    pytest.importorskip("marl_rllib", reason="needs the plugin marl-rllib")
    from marl.blobs import Blobs
    from marl.job import Job
    from marl.scenario import Component
    from marl.services import RunServices

    warnings, logged = [], []
    env = Component("pettingzoo/any", {"target": "marl_pettingzoo_tiny:Legacy"})
    services = RunServices(load_registry(), env, Blobs(tmp_path), lambda step, values: logged.append(values))
    services.warn = warnings.append
    params = {"lanes": 4, "rows": 64, "minibatch": 64, "epochs": 1, "env_steps": 400, "model": {"hidden": [8]}}
    algorithm = load_registry().make(ALGORITHMS, "rllib/ppo", params)
    algorithm.train(Job("rllib/ppo", 0, ((), (("self", 1.0),)), 3), services)
    assert warnings == [
        "legacy pays agents whose part has ended, and that is left out (`left_out` in metrics.jsonl counts how often)"
    ]
    assert sum(values.get("left_out", 0) for values in logged) > 10
