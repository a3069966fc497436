"""The array kit: columns of info, states that nobody declared, and answers that do not fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from marl import rng
from marl.env import EnvSpec, Frame, Group
from marl.errors import RunError
from marl.games import OneAgent, SimultaneousGame, TurnGame, one_agent_spec, turn_spec
from marl.space import Box, Discrete
from marl.testing import check_environment

SEEN, TICKS = Box((1,), 0, 9), 3
INFO = {"sum": "what was named so far, and this tick"}


class _Counting:
    """What the three games share: everybody names 0 or 1."""

    total: Any
    tick: Any

    def fields(self) -> dict[str, Any]:
        return {"total": np.int64(0)}

    def observe(self, lanes: Any, agents: Any = None) -> Any:
        return self.tick[lanes].astype(np.float32)[:, None]

    def info(self, lanes: Any) -> Any:
        return {"sum": self.total[lanes]}

    def render(self, lane: int) -> Frame:
        return Frame(str(self.total[lane]), "")


class Together(_Counting, SimultaneousGame):
    def __init__(self, lanes: int, **facts: Any) -> None:
        group = Group("players", (0, 1), SEEN, Discrete(2))
        facts = {"info": INFO, "returns": (-6.0, 6.0)} | facts
        super().__init__(EnvSpec(("a", "b"), (group,), ((0,), (1,)), "simultaneous", TICKS, **facts), lanes)

    def play(self, lanes: Any, actions: Any) -> Any:
        self.total[lanes] += actions[0].sum(axis=1)
        return actions[0].astype(float), self.tick[lanes] == TICKS

    def forfeit(self, lanes: Any, agent: Any) -> Any:
        return np.zeros((len(lanes), 2))


class ByTurns(_Counting, TurnGame):
    def __init__(self, lanes: int) -> None:
        super().__init__(turn_spec(2, SEEN, 2, max_length=TICKS, returns=(-1, 1), info=INFO), lanes)

    def legal(self, lanes: Any) -> Any:
        return np.ones((len(lanes), 2), np.bool_)

    def play(self, lanes: Any, agent: Any, action: Any) -> Any:
        self.total[lanes] += action
        self.player[lanes] = 1 - agent
        return np.zeros((len(lanes), 2)), self.tick[lanes] == TICKS


class Alone(_Counting, OneAgent):
    def __init__(self, lanes: int) -> None:
        spec = dataclasses.replace(one_agent_spec(SEEN, Discrete(2), TICKS, (0, 0)), info=INFO)
        super().__init__(spec, lanes)

    def begin(self, lanes: Any) -> None:
        pass

    def play(self, lanes: Any, actions: Any) -> Any:
        self.total[lanes] += actions
        return np.zeros(len(lanes)), self.tick[lanes] == TICKS - 1, False


@pytest.mark.parametrize("game", [Together, ByTurns, Alone])
def test_columns_of_info_come_with_every_step_and_zeros_with_a_foul(game: Callable[[int], Any]) -> None:
    assert check_environment(game).ok, check_environment(game).text()
    env, lanes = game(3), np.arange(3)
    env.reset(lanes, rng.as_keys([1, 2, 3]))
    agents = 2 if game is Together else 1
    ones = np.ones((3, agents), np.int64)
    assert env.step(lanes, [ones.reshape(-1)]).info["sum"].tolist() == [agents] * 3
    foul = ones.copy()
    foul[1] = 7  # no such action
    assert env.step(lanes, [foul.reshape(-1)]).info["sum"].tolist() == [2 * agents, 0, 2 * agents]


@pytest.mark.parametrize("game", [Together, ByTurns, Alone])
def test_a_game_needs_no_state_that_nobody_declared_and_one_that_it_declares(game: Any) -> None:
    assert game(1).spec.state is None
    assert game.__abstractmethods__ == frozenset()
    with pytest.raises(TypeError, match=r"Together declares spec.state and has no method state\(lanes\)"):
        Together(1, state=SEEN)


ANSWERS: list[tuple[Any, str]] = [
    (lambda count: (np.zeros(count), np.zeros(count, np.bool_)), r"gave rewards \[4\]; \[4, 2\] would be right"),
    (
        lambda count: (np.zeros((count, 1)), np.zeros(count, np.bool_)),
        r"gave rewards \[4, 1\]; \[4, 2\] would be right",
    ),
    (lambda count: (np.zeros((count, 2)), np.zeros((count, 1), np.bool_)), r"gave `over` \[4, 1\]; \[4\] would be"),
    (lambda count: (np.zeros((count, 2)), np.zeros(count)), r"gave `over` of type float64; bools would be right"),
    (lambda count: None, r"gave nothing \(None\); \(rewards, over\) would be right"),
    (lambda count: (np.zeros((count, 2)),), r"gave 1 values; \(rewards, over\) would be right"),
]


@pytest.mark.parametrize(("answer", "words"), ANSWERS)
def test_a_play_that_answers_with_another_shape_is_told_so(answer: Any, words: str) -> None:
    class Wrong(Together):
        def play(self, lanes: Any, actions: Any) -> Any:
            return answer(len(lanes))

    env, lanes = Wrong(4), np.arange(4)
    env.reset(lanes, rng.as_keys([1, 2, 3, 4]))
    with pytest.raises(RunError, match=rf"Wrong.play \(test_bases.py, line \d+\) {words}"):
        env.step(lanes, [np.zeros(8, np.int64)])
    plays = check_environment(Wrong)["plays"]
    assert plays.message.startswith("the environment failed: ") and "would be right" in plays.message


def test_a_column_that_is_not_declared_is_told() -> None:
    class Wrong(Together):
        def info(self, lanes: Any) -> Any:
            return {"summ": self.total[lanes]}

    env, lanes = Wrong(2), np.arange(2)
    env.reset(lanes, rng.as_keys([1, 2]))
    with pytest.raises(RunError, match=r"gave the columns \['summ'\]; \['sum'\], as spec.info declares,"):
        env.step(lanes, [np.zeros(4, np.int64)])


@pytest.mark.parametrize("name", ["spec", "tick", "play", "lanes", "over"])
def test_a_field_does_not_take_a_name_of_the_kit(name: str) -> None:
    class Wrong(Together):
        def fields(self) -> dict[str, Any]:
            return {name: np.int64(0)}

    with pytest.raises(ValueError, match=f"has a field '{name}', which is the name of something that"):
        Wrong(1)
