"""Tasks: what varies from match to match is what `reset` was told, and stays with the match."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.env import Forkable
from marl.testing.check import Broken, Doubtful, NotApplicable, check
from marl.testing.compare import differences, expect_same
from marl.testing.drive import Driver, Record
from marl.testing.subject import Subject

_MOST = 12  # tasks that are played


@check("Give `reset`'s tasks to `spec.tasks.given(seeds, tasks)`, keep what it gives with the lane, and save it.")
def tasks(subject: Subject) -> str:
    """A match is of the task that `reset` was given, in any lane, also when it was saved; wrong tasks are refused."""
    known = subject.spec.tasks
    if known is None:
        raise NotApplicable("the spec declares no tasks")
    count = min(_MOST, max(2, len(known)))
    chosen = np.linspace(0, len(known) - 1, count).astype(np.int64)
    seed = subject.seeds()[1]
    played = _play(subject, [seed] * count, chosen.tolist())
    for record, task in zip(played, chosen.tolist(), strict=True):
        alone = _play(subject, [seed], [task])[0]
        expect_same(record, alone, f"a match of task {task} played among others is another one when played alone")
    _drawn(subject)
    _refused(subject)
    saved = _saved(subject, chosen.tolist(), seed)
    if len(known) > 1 and not any(_differ(played[0], other) for other in played[1:]):
        raise Doubtful(f"{count} tasks with one seed gave the same match: is `tasks` read?")
    return f"{len(set(chosen.tolist()))} of {len(known)} tasks{saved}"


def _play(subject: Subject, seeds: list[int], tasks: list[int]) -> list[Record]:
    driver = Driver(subject.make(len(seeds)))
    driver.reset(range(len(seeds)), seeds, tasks=tasks)
    driver.run(subject.short)
    return driver.records


def _drawn(subject: Subject) -> None:
    """Without tasks, `reset` draws those that `Tasks.drawn` says."""
    known = subject.spec.tasks
    assert known is not None
    drawn = known.drawn(rng.as_keys(subject.seeds())).tolist()
    for record, one in zip(_play(subject, subject.seeds(), drawn), subject.records, strict=True):
        expect_same(record, one, "a match without a given task is not of the task that spec.tasks.drawn(seeds) says")


def _refused(subject: Subject) -> None:
    known = subject.spec.tasks
    assert known is not None
    env, lanes = subject.make(3), np.arange(3)
    for wrong in ([0, 0, len(known)], [-1, 0, 0], [0]):
        try:
            env.reset(lanes, rng.as_keys(subject.seeds()[:3]), np.array(wrong))
        except ValueError:
            continue
        except Exception as error:
            raise Broken(f"tasks {wrong} raise {type(error).__name__}: {error}, not ValueError") from error
        raise Broken(f"tasks {wrong} for 3 lanes are accepted, but there are {len(known)} tasks")


def _saved(subject: Subject, chosen: list[int], seed: int) -> str:
    """Matches that are loaded where others of other tasks were are still of their own."""
    driver = Driver(subject.make(2))
    if not isinstance(driver.env, Forkable):
        return ""
    pair = [chosen[0], chosen[-1]]
    driver.reset([0, 1], [seed, seed], tasks=pair)
    blob = driver.env.save(np.array([0, 1]))
    driver.run(subject.short)
    again = Driver(subject.make(2))
    assert isinstance(again.env, Forkable)
    again.reset([0, 1], [seed, seed], tasks=pair[::-1])
    again.run(1)
    turn = again.env.load(np.array([0, 1]), blob)
    for lane in (0, 1):
        again.adopt([lane], turn, [seed], [seed])
    again.run(subject.short)
    for lane in (0, 1):
        expect_same(driver.current[lane], again.current[lane], f"a saved match of task {pair[lane]} is of another one")
    return ", saved and loaded"


def _differ(first: Record, second: Record) -> bool:
    pairs = zip(first.moments, second.moments, strict=False)
    return first.ticks != second.ticks or any(next(differences(a, b), None) for a, b in pairs)
