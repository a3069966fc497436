"""Lanes: a match is the same in any lane, in any company, in any order."""

from __future__ import annotations

import numpy as np

from marl.testing.check import check
from marl.testing.compare import expect_same
from marl.testing.drive import Driver, Record
from marl.testing.subject import Subject


@check("Index every array by lane; look for sums, sorts or branches over all lanes.")
def batched(subject: Subject) -> str:
    """Matches played together are those that are played alone."""
    driver = Driver(subject.make(1))
    for record in subject.records:
        driver.reset([0], [record.seed])
        driver.run(subject.short)
        expect_same(record, driver.current[0], "a match played together with others is another one when played alone")
    return f"{subject.matches} matches"


@check(
    "Nothing of a lane may be read or written for another one: look for indices that mean rows where lanes are meant."
)
def independence(subject: Subject) -> str:
    """A match does not depend on its lane, nor on what other lanes do."""
    last = subject.matches - 1
    for record, lane in ((subject.records[0], 0), (subject.records[0], last), (subject.records[last], 0)):
        drawn = subject.seeds(4)
        drawn[lane] = record.seed
        driver = Driver(subject.make(subject.matches))
        driver.reset(range(subject.matches), drawn)
        driver.run(subject.short)
        expect_same(
            record, driver.current[lane], f"a match of lane {record.lane} is another one in lane {lane}, with others"
        )
    return "3 matches moved"


@check("`reset` must start the given lanes afresh, all of them and no other.")
def partial_reset(subject: Subject) -> str:
    """Lanes can be reset one by one while others play on; matches are the same."""
    count = subject.matches
    driver = Driver(subject.make(count))
    one, other = subject.seeds(), subject.seeds(1)
    early, late = [*range(0, count, 2)][::-1], [*range(1, count, 2)]
    driver.reset(early, [one[lane] for lane in early])
    driver.run(2)
    driver.reset(late, [one[lane] for lane in late])
    driver.run(1)
    driver.reset([0], [other[0]])  # in the middle of a match, perhaps
    waiting = list(range(1, count))
    for _ in range(2 * subject.short):
        idle = [lane for lane in driver.current if driver.current[lane].done]
        fresh = waiting[: len(idle)]
        waiting = waiting[len(idle) :]
        if fresh:
            driver.reset(idle[: len(fresh)], [other[lane] for lane in fresh])
        driver.run(1)
    _compare(subject, driver.records, "a match is another one when its lane is reset while others play")
    return f"{len(driver.records)} matches"


@check("`step` must advance the given lanes, in the given order, and leave the others as they are.")
def partial_step(subject: Subject) -> str:
    """Lanes can be stepped in any groups and any order; matches are the same."""
    driver = Driver(subject.make(subject.matches))
    driver.reset(range(subject.matches), subject.seeds())
    dice = np.random.default_rng(subject.seed)
    for _ in range(2 * subject.short):
        live = driver.live()
        if not live:
            break
        chosen = dice.permutation(live)[: dice.integers(1, len(live) + 1)]
        driver.step([int(lane) for lane in chosen])
    _compare(subject, driver.records, "a match is another one when lanes are stepped in groups")
    return f"{sum(record.ticks for record in driver.records)} ticks in random groups"


def _compare(subject: Subject, records: list[Record], claim: str) -> None:
    for record in records:
        expect_same(subject.known[record.seed], record, claim)
