"""Chance: everything follows from the seed."""

from __future__ import annotations

from marl.testing.check import Broken, Doubtful, check
from marl.testing.compare import differences, expect_same
from marl.testing.drive import Driver, Record
from marl.testing.subject import Subject


@check("Draw chance from marl.rng with the lane's seed; no global generator, no clock, no order of a set.")
def determinism(subject: Subject) -> str:
    """The same seeds and actions give the same match, in a new environment and in a used one."""
    driver = Driver(subject.make(subject.matches))
    for where in ("in a new environment", "after a reset"):
        driver.reset(range(subject.matches), subject.seeds())
        driver.run(subject.short)
        for record in driver.records[-subject.matches :]:
            claim = f"the same seed and actions play differently {where}"
            expect_same(subject.records[record.lane], record, claim, exact=True)
    return f"{subject.matches} matches played three times"


@check("Give the seeds that `reset` gets to whatever draws cards or dice.")
def seeds(subject: Subject) -> str:
    """Where there is chance, another seed gives another match."""
    varied = depends_on_seed(subject)
    if subject.chance is True and not varied:
        raise Doubtful(f"it is said to have chance, but {2 * subject.matches} seeds gave the same match")
    if subject.chance is False and varied:
        raise Broken("it is said to have no chance, but the seed changes the match", "Correct what is said about it.")
    return "the seed decides" if varied else "nothing depends on the seed: a game without chance"


def depends_on_seed(subject: Subject) -> bool:
    """Whether matches with the same actions and different seeds differ."""
    drawn = [*subject.seeds(2), *subject.seeds(3)]
    driver = Driver(subject.make(len(drawn)))
    driver.reset(range(len(drawn)), drawn, [subject.seed] * len(drawn))
    driver.run(subject.short)
    return any(_differ(driver.records[0], record) for record in driver.records[1:])


def _differ(first: Record, second: Record) -> bool:
    pairs = zip(first.moments, second.moments, strict=False)
    return first.ticks != second.ticks or any(next(differences(a, b), None) for a, b in pairs)
