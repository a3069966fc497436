"""Several environments as one: what is played in each lane is what the environment itself would play."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from marl.arena import Arena, Pairings
from marl.errors import UserError
from marl.policies.random import Random
from marl.registry import ENVIRONMENTS, Component, load_registry
from marl.testing import conformance_tests
from marl_multitask.params import SeveralParams
from marl_multitask.several import Several, several

pytest.importorskip("marl_coop", reason="the games are marl-coop's")
pytest.importorskip("marl_classic", reason="the games are marl-classic's")

TASKS = {
    "duo": Component("coop/stages", {"rooms": 2, "size": 3, "steps": 20}),
    "trio": Component("coop/stages", {"rooms": 1, "size": 3, "agents": 3, "bait": 0.0, "steps": 12}),
    "matrix": Component("classic/team_matrix", {"game": "climbing"}),
    "rooms": Component("classic/rooms", {"most": 2}),
}
BATTLES = {"kuhn": Component("classic/kuhn_poker"), "board": Component("classic/tic_tac_toe")}


def make(tasks: dict[str, Any], lanes: int) -> Several:
    return several(lanes, SeveralParams(tasks=tasks))


# not "rows": who has no part in a task has no turn in a whole match, which is warned of
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
CHECKS += ["determinism", "seeds", "batched", "partial_reset", "partial_step", "state", "render", "fork", "tasks"]
test_conformance = conformance_tests(
    {"teams": partial(make, TASKS), "opponents": partial(make, BATTLES)}, only=CHECKS, ticks=40
)


def test_a_match_is_that_of_the_environment_itself() -> None:
    """The same seed, the same actions: what is earned, how long it takes, and what is seen."""
    env = make(TASKS, 6)
    for number, name in enumerate(list(TASKS)[:3]):
        alone = load_registry().make(ENVIRONMENTS, TASKS[name].name, TASKS[name].params, lanes=6)
        lanes, seeds = np.arange(6), np.arange(6, dtype=np.uint64)
        (ours,), (theirs,) = env.reset(lanes, seeds, np.full(6, number)), alone.reset(lanes, seeds)
        for _ in range(5):
            where = np.flatnonzero(ours.agent < len(alone.spec.agents))
            np.testing.assert_array_equal(ours.observation[name][where], theirs.observation)
            assert (ours.observation["view"] == number).all() and len(where) == len(ours)
            others = [leaf for key, leaf in ours.observation.items() if key not in ("view", name)]
            assert all((leaf == 0).all() for leaf in others)
            actions = np.arange(len(ours)) % alone.spec.groups[0].action.n
            one, two = env.step(lanes, [actions]), alone.step(lanes, [actions])
            np.testing.assert_array_equal(one.rewards[:, : two.rewards.shape[1]], two.rewards)
            lanes = lanes[~one.done]
            if not len(lanes):
                break
            assert (one.done == two.done).all()
            (ours,), (theirs,) = one.turn, two.turn


def test_what_may_not_be_done_in_a_task_is_masked_and_who_has_no_part_waits() -> None:
    env = make(TASKS, 8)
    (rows,) = env.reset(np.arange(8), np.arange(8, dtype=np.uint64), np.arange(8) % 4)
    assert rows.mask is not None
    allowed = dict(zip(rows.lane.tolist(), rows.mask.sum(1).tolist(), strict=True))
    assert [allowed[lane] for lane in range(3)] == [5, 5, 3]
    assert np.bincount(rows.lane).tolist()[:4] == [2, 3, 2, 1]
    policy: Any = Random(env.spec)
    pairings = Pairings(np.zeros((40, 1), np.int64), np.arange(40, dtype=np.uint64), tasks=np.arange(40) % 4)
    played = Arena(make(TASKS, 40)).play([policy], pairings)
    assert (played.fault < 0).all() and (played.length[played.task == 2] == 1).all()
    assert len(set(played.returns[played.task == 2, 0].tolist())) > 2


def test_tasks_of_an_environment_are_drawn_apart_from_which_environment_it_is() -> None:
    env = make({"one": TASKS["rooms"], "other": TASKS["rooms"]}, 400)
    env.reset(np.arange(400), np.arange(400, dtype=np.uint64))
    own = [one.task[env.task == number] for number, one in enumerate(env.environments)]  # type: ignore[attr-defined]
    counts = [np.bincount(one, minlength=len(env.environments[0].spec.tasks or ())) for one in own]
    assert all((count > 0.3 * count.mean()).all() for count in counts)


@pytest.mark.parametrize(
    ("tasks", "sentence"),
    [
        ({"a": TASKS["duo"], "b": BATTLES["kuhn"]}, "tasks.b: it has 2 sides and a has 1"),
        ({"a": TASKS["duo"], "task": TASKS["trio"]}, "'task' says which task is played"),
        ({"a": TASKS["duo"], "b": Component("gymnasium/pendulum")}, "tasks.b: .* only choices can be joined"),
    ],
)
def test_what_cannot_be_one_environment_is_said(tasks: Any, sentence: str) -> None:
    if "b" in tasks and "pendulum" in str(tasks["b"]):
        pytest.importorskip("marl_gymnasium")
    with pytest.raises(UserError, match=sentence):
        make(tasks, 2)


def test_names_are_looked_at() -> None:
    with pytest.raises(ValueError, match="no name for a task"):
        SeveralParams(tasks={"a.b": TASKS["duo"]})
    with pytest.raises(ValueError, match="one environment or more"):
        SeveralParams(tasks={})
