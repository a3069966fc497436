"""One game at several sizes: who has a turn, what each sees, what it earns, and how far play is from an equilibrium."""

from __future__ import annotations

import itertools
from functools import partial

import numpy as np
import pytest

from marl.policies.random import Random
from marl.testing import conformance_tests
from marl.types import Array
from marl_multitask.nash_gap import gaps, nash_gap
from marl_multitask.params import ResourcesParams
from marl_multitask.population import LOT, OTHERS, SIZE
from marl_multitask.resources import Resources

SMALL = ResourcesParams(sizes=[1, 2, 4], most=5, resources=3)

# not "rows": seats that nobody sits on have no turn in a whole match, which is warned of
CHECKS = [
    "plays",
    "spec",
    "spaces",
    "steps",
    "first",
    "masks",
    "faults",
    "arguments",
    "termination",
    "final",
    "returns",
]
CHECKS += ["determinism", "seeds", "batched", "partial_reset", "partial_step", "render", "fork", "tasks"]
test_conformance = conformance_tests({"resources": partial(Resources, params=SMALL)}, chance=True, only=CHECKS)


def started(game: Resources, tasks: list[int], seed: int = 3) -> tuple[Array, ...]:
    """Rows of a lane for each task: lanes, agents, and what they see."""
    lanes = np.arange(len(tasks))
    (rows,) = game.reset(lanes, np.arange(seed, seed + len(tasks), dtype=np.uint64), np.array(tasks))
    assert rows is not None
    return rows.lane, rows.agent, rows.observation  # type: ignore[return-value]


def test_as_many_have_a_turn_as_the_task_says_and_see_each_other_alone() -> None:
    lane, agent, seen = started(Resources(3, SMALL), [0, 1, 2])
    assert lane.tolist() == [0, 1, 1, 2, 2, 2, 2]
    assert agent.tolist() == [0, 0, 1, 0, 1, 2, 3]
    sizes = np.array([1, 2, 4])[lane]
    assert (seen[SIZE][:, 0] == sizes).all()
    assert (seen[OTHERS][..., 0].sum(1) == sizes - 1).all()
    assert (seen[OTHERS][seen[OTHERS][..., 0] == 0] == 0).all()  # nothing is seen where nobody is
    assert len(set(seen[LOT][:, 0].tolist())) == len(lane)  # everybody draws a lot of his own


def test_a_resource_is_shared_by_those_who_come_and_the_way_costs_its_length() -> None:
    game = Resources(1, SMALL)
    started(game, [2])
    step = game.step(np.arange(1), (np.array([0, 2, 0, 0]),))
    ways = np.linalg.norm(game.place[0, :4] - game.resource[0, [0, 2, 0, 0]], axis=1)
    shares = game.worth[0, [0, 2, 0, 0]] / np.array([3, 1, 3, 3])
    np.testing.assert_allclose(step.rewards[0], [*(shares - ways), 0.0])
    assert step.done.all() and len(step.final[0]) == game.most  # type: ignore[arg-type]


def test_two_agents_at_two_resources() -> None:
    """Worth 2 and 1, free ways. Both by a coin: 1.5 at the first, 0.75 at the second. Both at the first: 1 or 1."""
    worth, costs, there = np.array([[2.0, 1.0]]), np.zeros((1, 2, 2)), np.ones((1, 2), np.bool_)
    gap, earned = gaps(np.full((1, 2, 2), 0.5), worth, costs, there)
    np.testing.assert_allclose(gap, [[0.375, 0.375]])
    np.testing.assert_allclose(earned, [[1.125, 1.125]])
    gap, earned = gaps(np.array([[[1.0, 0.0], [1.0, 0.0]]]), worth, costs, there)
    np.testing.assert_allclose(gap, 0.0, atol=1e-12)
    gap, _ = gaps(np.array([[[0.0, 1.0], [0.0, 1.0]]]), worth, costs, there)
    np.testing.assert_allclose(gap, [[1.5, 1.5]])


@pytest.mark.parametrize("seed", range(3))
def test_gaps_are_those_of_going_through_all_joint_choices(seed: int) -> None:
    chance = np.random.default_rng(seed)
    agents, count = 4, 3
    there = np.array([[True, True, True, False]])
    chances = chance.dirichlet(np.ones(count), size=(1, agents))
    worth, costs = 4 * chance.random((1, count)), chance.random((1, agents, count))
    value = np.zeros((agents, count))  # of each agent, for each of its choices
    for joint in itertools.product(range(count), repeat=3):
        came = np.bincount(joint, minlength=count)
        for agent, own in enumerate(joint):
            others = np.prod([chances[0, one, joint[one]] for one in range(3) if one != agent])
            value[agent, own] += others * (worth[0, own] / came[own] - costs[0, agent, own])
    now = (value * chances[0]).sum(1)
    gap, earned = gaps(chances, worth, costs, there)
    np.testing.assert_allclose(gap[0, :3], value[:3].max(1) - now[:3], atol=1e-9)
    np.testing.assert_allclose(earned[0, :3], now[:3], atol=1e-9)
    assert gap[0, 3] == earned[0, 3] == 0


def test_what_random_play_earns_is_what_is_said() -> None:
    game = Resources(2_000, ResourcesParams(sizes=[3], most=4))
    _, said = nash_gap(Random(game.spec), game, seed=5)
    lanes = np.arange(game.lanes)
    (rows,) = game.reset(lanes, np.arange(5, 5 + game.lanes, dtype=np.uint64))
    assert rows is not None
    step = game.step(lanes, (np.random.default_rng(0).integers(3, size=len(rows)),))
    assert step.rewards[:, :3].mean() == pytest.approx(said, abs=0.05)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"sizes": [2, 13]}, "between 1 and most"),
        ({"sizes": []}, "one size or more"),
        ({"sizes": [2, 2]}, "each once"),
        ({"resources": 1}, "resources must be at least 2"),
    ],
)
def test_wrong_sizes_are_refused(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ResourcesParams(**params)  # type: ignore[arg-type]
