from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from marl import rng, space

MISSING = find_spec("pettingzoo") is None
collect_ignore_glob = ["test_*.py"] if MISSING else []
sys.path.append(str(Path(__file__).parent))  # targets name marl_pettingzoo_tiny


def pytest_terminal_summary(terminalreporter):
    if MISSING:
        terminalreporter.write_line("SKIPPED the tests of marl-pettingzoo: PettingZoo is not installed")


def _random(group, rows, seeds, tick):
    return None if rows is None else space.sample(group.action, rng.mix(seeds[rows.lane], rows.agent, tick), rows.mask)


@pytest.fixture
def play():
    """`play(env, seed, choose=None)`: one match in lane 0, to its end; yields (turn, actions, step) for each tick."""

    def run(env, seed, choose=None):
        lane, seeds = np.zeros(1, np.int64), rng.as_keys(seed)
        turn = env.reset(lane, seeds)
        for tick in range(env.spec.max_length + 1):
            actions = [
                _random(group, rows, seeds, tick) if choose is None or rows is None else choose(rows, tick)
                for group, rows in zip(env.spec.groups, turn, strict=True)
            ]
            step = env.step(lane, actions)
            yield turn, actions, step
            turn = step.turn
            if step.done[0]:
                return
        raise AssertionError("the match did not end within max_length")

    return run


@pytest.fixture
def seen():
    """`seen(turn)`: what each agent of a turn of one lane sees, by agent."""

    def by_agent(turn):
        return {
            int(agent): rows.observation[at] for rows in turn if rows is not None for at, agent in enumerate(rows.agent)
        }

    return by_agent
