"""Bad parameters are sentences."""

from __future__ import annotations

import numpy as np
import pytest

from marl.errors import UserError
from marl_pettingzoo import games
from marl_pettingzoo.params import AnyParams, Params


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("simple_sprad", {}, "no environment 'simple_sprad'; did you mean 'simple_spread'"),
        ("simple_spread", {"local_ration": 1.0}, r"no parameter 'local_ration'; did you mean 'local_ratio'\? It takes"),
        (
            "simple_spread",
            {"N": "3"},
            "parameter 'N' of mpe2.simple_spread_v3:parallel_env is a whole number, not text",
        ),
        ("simple_spread", {"N": 2.5}, "is a whole number, not a number 2.5"),
        ("simple_spread", {"continuous_actions": 1}, "is a boolean, not a whole number 1"),
        ("simple_spread", {"local_ratio": 7.0}, "cannot be made with .*Must be between 0 and 1"),
        ("simple_spread", {"render_mode": "human"}, "leave 'render_mode' out"),
        ("pursuit", {"n_evader": 3}, "did you mean 'n_evaders'"),
        ("multiwalker", {"walkers": 3}, "no parameter 'walkers'"),
        ("cooperative_pong", {"ball_sped": 3}, "did you mean 'ball_speed'"),
        ("rps", {"num_actions": 4}, "must be an odd number"),
        ("connect_four", {"board_size": 4}, "no parameter 'board_size'; it takes screen_scaling"),
    ],
)
def test_bad_parameters(name, parameters, message):
    with pytest.raises(UserError, match=message):
        games.make(name, lanes=1, params=Params(parameters=parameters))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("mpe2", "should be 'package.module:constructor'"),
        ("no_such_package.x:env", "'no_such_package.x' cannot be imported: ModuleNotFoundError"),
        ("mpe2.simple_v3:parallel", "has no constructor 'parallel'; did you mean 'parallel_env'"),
        ("marl_pettingzoo_tiny:nothing", "makes a int, which is no PettingZoo environment"),
        ("marl_pettingzoo_tiny:Unseeded", "its reset\\(\\) takes no seed"),
        ("marl_pettingzoo_tiny:Nameless", "has no possible_agents"),
        ("marl_pettingzoo_tiny:Wordy", "the observation space of 'a' in .* is Text"),
    ],
)
def test_bad_targets(target, message):
    with pytest.raises(UserError, match=message):
        games.any_game(1, params=AnyParams(target=target))


@pytest.mark.parametrize(
    ("teams", "message"),
    [
        ("prefixes", "unknown teams 'prefixes'; did you mean 'prefix'"),
        ([["agent_0", "agent_7"]], "an agent 'agent_7' that is not there; did you mean 'agent_"),
        ([["agent_0"], ["agent_0", "agent_1"]], "the agent 'agent_0' twice"),
        ([["agent_0", "agent_1"]], "teams leave out 'agent_2'"),
        ([["agent_0", "agent_1", "agent_2"], []], "a side without agents"),
    ],
)
def test_bad_teams(teams, message):
    with pytest.raises(UserError, match=message):
        games.make("simple_spread", lanes=1, params=Params(teams=teams))


@pytest.mark.parametrize(
    ("name", "teams", "sides"),
    [
        ("simple_spread", "auto", ((0, 1, 2),)),
        ("simple_spread", "each", ((0,), (1,), (2,))),
        ("simple_spread", [["agent_2", "agent_0"], ["agent_1"]], ((0, 2), (1,))),
        ("simple_tag", "auto", ((0, 1, 2), (3,))),
        ("simple_tag", "all", ((0, 1, 2, 3),)),
        ("simple_crypto", "auto", ((0,), (1, 2))),
        ("simple_crypto", "prefix", ((0,), (1,), (2,))),
        ("simple_world_comm", "auto", ((0, 1, 2, 3), (4, 5))),
        ("connect_four", "auto", ((0,), (1,))),
    ],
)
def test_teams(name, teams, sides):
    assert games.make(name, lanes=1, params=Params(teams=teams)).spec.sides == sides


def test_agents_with_equal_spaces_form_a_group():
    groups = games.make("simple_world_comm", lanes=1).spec.groups
    assert [(group.name, group.agents) for group in groups] == [
        ("leadadversary", (0,)), ("adversary", (1, 2, 3)), ("agent", (4, 5)),
    ]  # fmt: skip
    assert [group.name for group in games.make("simple_crypto", lanes=1).spec.groups] == ["eve", "bob+alice"]
    assert [group.name for group in games.make("simple_speaker_listener", lanes=1).spec.groups] == [
        "speaker",
        "listener",
    ]


def test_facts_hold_for_the_teams_they_were_stated_for():
    assert games.make("connect_four", lanes=1).spec.returns == (-1.0, 1.0)
    assert games.make("rps", lanes=1, params=Params(parameters={"max_cycles": 4})).spec.returns == (-4.0, 4.0)
    together = games.make("connect_four", lanes=1, params=Params(teams="all")).spec
    assert not together.zero_sum and together.returns == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("name", "parameters", "length"),
    [
        ("simple_spread", {}, 25),
        ("simple_spread", {"max_cycles": 7}, 7),
        ("pursuit", {}, 500),
        ("go", {"board_size": 3}, 36),
        ("tictactoe", {}, 9),
    ],
)
def test_lengths(name, parameters, length):
    assert games.make(name, lanes=1, params=Params(parameters=parameters)).spec.max_length == length


def test_a_length_must_be_positive():
    with pytest.raises(UserError, match=r"max_length of .* is 0"):
        games.make("tictactoe", lanes=1, params=Params(max_length=0))


def test_whole_numbers_are_numbers_and_constructors_may_refuse():
    target = "marl_pettingzoo_tiny:Picky"
    assert games.any_game(1, params=AnyParams(target=target, parameters={"rate": 2})).spec.agents == (
        "a_0",
        "a_1",
        "a_2",
    )
    with pytest.raises(UserError, match=r"cannot be made with \(size=-1\): size must be positive"):
        games.any_game(1, params=AnyParams(target=target, parameters={"size": -1}))
