"""The conformance checks of marl on the native environments, on every kind of wrapped one, and (slow) on all."""

from __future__ import annotations

import importlib.util
from functools import partial

import gymnasium
import pytest

from marl.testing import check_environment, conformance_tests
from marl_gymnasium import environments
from marl_gymnasium.cartpole import CartPole
from marl_gymnasium.catalogue import LISTED
from marl_gymnasium.pendulum import Pendulum
from marl_gymnasium.wrapped import GymnasiumEnvironment

SET = (
    "CartPole-v1",
    "MountainCarContinuous-v0",  # continuous actions
    "FrozenLake-v1",  # chance in every step
    "Blackjack-v1",  # a tuple of observations, no limit
    "Taxi-v3",  # action masks
)
NATIVE = {"cartpole": CartPole, "pendulum": Pendulum}
BOX2D = ("LunarLander-v3",) if importlib.util.find_spec("Box2D") else ()

test_native = conformance_tests(NATIVE, matches=4, ticks=250, chance=True)
test_wrapped = conformance_tests({id: partial(environments.make, id) for id in (*SET, *BOX2D)}, matches=3, ticks=120)


def test_every_kind_of_space_conforms(oddities):
    report = check_environment(lambda lanes: GymnasiumEnvironment(oddities, lanes, 10), chance=True)
    assert report.ok and report.count("warn") == 0, report.text()
    assert report["fork"].status == "pass" and "masked" not in report["faults"].message


def test_a_generator_shared_by_all_environments_is_found_out(uneven):
    class Shared(uneven):
        def step(self, action):
            return 1, float(gymnasium.utils.seeding.np_random()[0].random()), False, False, {}

    report = check_environment(lambda lanes: GymnasiumEnvironment(Shared, lanes, 10))
    assert report["determinism"].status == "fail"


@pytest.mark.slow
@pytest.mark.parametrize("id", [entry.id for entry in LISTED])
def test_every_environment_conforms(id, needs):
    needs(id)
    report = check_environment(partial(environments.make, id), matches=3, ticks=40)
    assert not [result for result in report.results if result.status in ("fail", "warn")], report.text()
