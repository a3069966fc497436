"""Tasks on their way: from pairings through play to results, trajectories, replays, failures and checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from marl.arena import Arena, Mixtures, Pairings, Sampler, environment_seeds
from marl.arena.failure import EnvironmentFailed, play_again
from marl.arena.replay import Replay, ReplayRecorder
from marl.errors import UserError
from marl.games import ForkableOneByOne, Outcome
from marl.policies.random import Random
from marl.testing.games import corridor, kuhn
from marl.testing.games.corridor import LENGTHS, SPEC, Corridor

SEEDS = np.arange(12, dtype=np.uint64)
NOBODY = np.zeros((12, 1), np.int64)
TASKS = np.arange(12) % 4


class ByLength(ForkableOneByOne):
    """Notes the length of each match at its end, so that a test can see which task was really played."""

    def __init__(self, lanes, match=Corridor):
        super().__init__(SPEC, lanes, match)


def test_given_tasks_are_played_and_stand_in_the_results():
    results = Arena(corridor(5)).play([Random(SPEC)], Pairings(NOBODY, SEEDS, TASKS))
    assert results.task.tolist() == TASKS.tolist()
    assert (results.length <= 2 * np.array(LENGTHS)[TASKS]).all() and (results.length[TASKS == 3] > 2).all()


def test_without_given_tasks_they_follow_from_the_seeds_and_not_from_lanes():
    plays = [Arena(corridor(lanes)).play([Random(SPEC)], Pairings(NOBODY, SEEDS)) for lanes in (1, 7)]
    assert plays[0].task.tolist() == plays[1].task.tolist() == SPEC.tasks.drawn(environment_seeds(SEEDS)).tolist()
    assert plays[0].returns.tolist() == plays[1].returns.tolist()


def test_environments_without_tasks_are_as_they_were():
    players = np.zeros((12, 2), np.int64)
    assert (Arena(kuhn(4)).play([Random(kuhn(1).spec)], Pairings(players, SEEDS)).task == -1).all()
    with pytest.raises(UserError, match="name tasks, but the environment has none"):
        Arena(kuhn(4)).play([Random(kuhn(1).spec)], Pairings(players, SEEDS, TASKS))


def test_tasks_that_do_not_exist_are_refused_in_a_sentence():
    with pytest.raises(UserError, match="tasks that the environment does not have: there is no task 4"):
        Arena(corridor(4)).play([Random(SPEC)], Pairings(NOBODY, SEEDS, TASKS + 1))


def test_a_mixture_draws_tasks_by_weight_whatever_the_blocks():
    source = Mixtures(np.ones((1, 1)), 3, tasks=np.array([0.0, 3.0, 0.0, 1.0]))
    together = source.block(0, 4000).tasks
    assert np.bincount(together, minlength=4).tolist() == pytest.approx([0, 3000, 0, 1000], abs=120)
    assert np.concatenate([source.block(0, 7).tasks, source.block(7, 93).tasks]).tolist() == together[:100].tolist()


def test_every_row_carries_the_task_of_its_match_also_after_a_checkpoint():
    def sampler(checkpoint=None):
        source = Mixtures(np.ones((1, 1)), 3, tasks=np.array([1.0, 1.0, 0.0, 2.0]))
        return Sampler(corridor(6), [Random(SPEC)], source, [0], checkpoint)

    straight = sampler()
    first = straight.collect(100)[0]
    length = np.round(first.observation[:, 1] * LENGTHS[-1]).astype(int)
    assert np.array(LENGTHS)[first.task].tolist() == length.tolist() and set(first.task) == {0, 1, 3}
    saved = straight.save()
    again = sampler(saved)
    assert again.play.tasks.tolist() == straight.play.tasks.tolist()
    for _ in range(3):
        one, other = straight.collect(100)[0], again.collect(100)[0]
        assert one.task.tolist() == other.task.tolist() and one.reward.tolist() == other.reward.tolist()


def test_a_replay_plays_the_task_that_was_played(tmp_path: Path):
    recorder = ReplayRecorder("testing/corridor", {}, [2, 3])
    Arena(corridor(5)).play([Random(SPEC)], Pairings(NOBODY, SEEDS, TASKS), [recorder])
    for match in (2, 3):
        recorder.finished[match].write(tmp_path / "replay")
        replay = Replay.read(tmp_path / "replay")
        assert replay.task == match
        assert len(list(replay.play(corridor(1)))) == len(replay.ticks) + 1


class Stumbles(Corridor):
    """Raises in the longest corridor alone."""

    def play(self, actions) -> Outcome:
        if self.length == LENGTHS[-1]:
            raise RuntimeError("a hole in the floor")
        return super().play(actions)


def test_a_failure_is_played_again_with_its_task():
    with pytest.raises(EnvironmentFailed) as caught:
        Arena(ByLength(4, Stumbles)).play([Random(SPEC)], Pairings(NOBODY, SEEDS, np.full(12, 3)))
    match = caught.value.matches[0]
    assert match["task"] == 3
    with pytest.raises(RuntimeError, match="a hole in the floor"):
        play_again(ByLength(1, Stumbles), match)
    play_again(ByLength(1, Stumbles), {**match, "task": 2})
