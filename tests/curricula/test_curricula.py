"""Curricula: which tasks they prefer, and that they go on where they were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from marl.curricula.averages import Averages
from marl.errors import RunError, UserError
from marl.registry import CURRICULA, load_registry
from marl.testing.games.corridor import SPEC
from marl.training.practice import Practice

NAMES = ("marl/uniform", "marl/frontier", "marl/progress")


def made(name: str, **params: Any) -> Any:
    return load_registry().make(CURRICULA, name, params, spec=SPEC)


def test_an_average_takes_a_batch_as_its_matches_one_after_the_other() -> None:
    together, singly = Averages(2, 0.5, 0.1), Averages(2, 0.5, 0.1)
    together.add(np.array([0, 0, 0]), np.array([1.0, 1.0, 1.0]))
    for _ in range(3):
        singly.add(np.array([0]), np.array([1.0]))
    assert together.value == pytest.approx(singly.value) and together.value[1] == 0.5


def test_uniform_is_uniform_whatever_happens() -> None:
    uniform = made("marl/uniform")
    uniform.learn(np.array([0, 0]), np.array([1.0, 1.0]))
    assert uniform.weights().tolist() == [1, 1, 1, 1]


def test_frontier_prefers_what_is_won_half_the_time() -> None:
    frontier = made("marl/frontier", explore=0.2)
    tasks = np.repeat([0, 1, 2, 3], 200)
    returns = np.concatenate([np.ones(200), np.tile([0.0, 1.0], 100), np.zeros(400)])  # easy, half, hopeless twice
    frontier.learn(tasks, returns)
    weights = frontier.weights()
    assert weights.sum() == pytest.approx(1) and weights[1] > 0.8
    assert weights[[0, 2, 3]] == pytest.approx(0.2 / 4, abs=0.01)  # explored still


def test_frontier_needs_to_know_what_is_won() -> None:
    endless = replace(SPEC, returns=(-np.inf, np.inf))
    with pytest.raises(UserError, match="say which `success` counts as won"):
        load_registry().make(CURRICULA, "marl/frontier", {}, spec=endless)
    load_registry().make(CURRICULA, "marl/frontier", {"success": 3.0}, spec=endless)


def test_progress_prefers_what_changes_up_or_down() -> None:
    progress = made("marl/progress")
    progress.learn(np.repeat([0, 1], 500), np.ones(1000))  # known by heart
    progress.learn(np.repeat([1, 2], 20), np.repeat([0.0, 1.0], 20))  # forgotten, and found
    weights = progress.weights()
    assert min(weights[1], weights[2]) > 4 * max(weights[0], weights[3])


@pytest.mark.parametrize("name", NAMES)
def test_a_curriculum_goes_on_where_it_was_saved(name: str) -> None:
    one, other = made(name), made(name)
    one.learn(np.array([0, 1, 1]), np.array([1.0, 0.0, 1.0]))
    other.load(one.save())
    assert other.weights().tolist() == one.weights().tolist()
    for each in (one, other):
        each.learn(np.array([3]), np.array([1.0]))
    assert other.weights().tolist() == one.weights().tolist()


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("marl/frontier", {"rate": 2.0}, "rate must be at most 1"),
        ("marl/frontier", {"explore": -1.0}, "explore must be at least 0"),
        ("marl/progress", {"slow": 0.5}, "slow: 0.5 must be less than fast"),
    ],
)
def test_wrong_parameters_are_named(name: str, params: dict[str, float], words: str) -> None:
    with pytest.raises(UserError, match=words):
        made(name, **params)


@pytest.mark.parametrize("answer", [np.ones(3), np.zeros(4), np.array([1, -1, 1, 1]), np.full(4, np.nan), "much", None])
def test_wrong_weights_are_said_to_be_the_curriculums(monkeypatch: Any, answer: Any) -> None:
    practice = Practice({"name": "marl/uniform"}, SPEC)
    monkeypatch.setattr("marl.curricula.uniform.Uniform.weights", lambda self: answer)
    with pytest.raises(RunError, match=r"marl/uniform.*weights\(\)"):
        practice.weights()


def test_what_is_logged_are_shares_and_returns_by_task() -> None:
    practice = Practice({"name": "marl/frontier"}, SPEC)
    logged = practice.learn(np.array([0, 0, 2]), np.array([1.0, 0.0, 1.0]))
    assert logged["task_return/1_cells"] == 0.5 and logged["task_return/4_cells"] == 1.0
    assert sum(value for name, value in logged.items() if name.startswith("task_share/")) == pytest.approx(1)
    assert 0 < logged["task_entropy"] <= np.log(4) + 1e-9
