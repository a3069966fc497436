"""Bad ids and parameters are sentences."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from marl.errors import UserError
from marl_gymnasium import environments
from marl_gymnasium.cartpole import CartPole, CartPoleParams
from marl_gymnasium.params import AnyParams, GymnasiumParams


@pytest.mark.parametrize(
    ("id", "options", "message"),
    [
        ("CartPol-v1", {}, "no environment 'CartPol-v1'; did you mean 'CartPole-v1'"),
        ("no_such_module:X-v0", {}, "'no_such_module', which should register 'X-v0'.*cannot be imported"),
        ("", {}, "no environment ''"),
        (
            "FrozenLake-v1",
            {"parameters": {"is_slipery": 0}},
            r"no parameter 'is_slipery'; did you mean 'is_slippery'\?",
        ),
        ("Acrobot-v1", {"parameters": {"size": 3}}, "no parameter 'size'; .* takes none at all"),
        ("FrozenLake-v1", {"parameters": {"map_name": "5x5"}}, "cannot make 'FrozenLake-v1' with the parameters .*5x5"),
        ("CartPole-v1", {"parameters": {"render_mode": "human"}}, "can be rgb_array here, not 'human'"),
        ("CartPole-v1", {"max_steps": 0}, "max_steps is 0, but a match has 1 tick or more"),
        ("Oddities-v0", {}, "no limit on the length of 'Oddities-v0', and a match needs one: give max_steps"),
    ],
)
def test_bad_parameters(id, options, message):
    with pytest.raises(UserError, match=message):
        environments.make(id, 1, params=GymnasiumParams(**options))


def test_cartpole_refuses_matches_without_ticks():
    with pytest.raises(UserError, match="max_steps is 0"):
        CartPole(1, params=CartPoleParams(max_steps=0))


@pytest.mark.skipif(importlib.util.find_spec("mujoco") is not None, reason="MuJoCo is installed here")
def test_a_missing_extra_says_what_to_install():
    with pytest.raises(UserError, match=r'needs a package that is missing.*pip install "marl-gymnasium\[mujoco\]"'):
        environments.make("HalfCheetah-v5", 1)


def test_modules_register_their_own(tmp_path, monkeypatch):
    (tmp_path / "my_games.py").write_text(
        "import gymnasium\n"
        "gymnasium.register('MyLake-v0', 'gymnasium.envs.toy_text:FrozenLakeEnv', max_episode_steps=7)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        env = environments.any_environment(1, params=AnyParams(id="my_games:MyLake-v0", parameters={"map_name": "8x8"}))
        assert env.spec.max_length == 7 and env.spec.groups[0].observation.n == 64
    finally:
        import gymnasium

        gymnasium.registry.pop("MyLake-v0", None)
        sys.modules.pop("my_games", None)


def test_parameters_reach_the_environment():
    assert (
        environments.make("Oddities-v0", 1, params=GymnasiumParams(parameters={"length": 2}, max_steps=9))
        .games[0]
        .unwrapped.length
        == 2
    )
    assert (
        environments.make("FrozenLake-v1", 1, params=GymnasiumParams(parameters={"desc": ["SF", "FG"]}))
        .spec.groups[0]
        .observation.n
        == 4
    )
