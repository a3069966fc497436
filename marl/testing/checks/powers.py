"""Optional powers: fork, copies, state, render."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np

from marl import rng, tree
from marl.env import Forkable, Frame, Searchable, Turn
from marl.testing.check import Doubtful, NotApplicable, check, expect
from marl.testing.compare import expect_same
from marl.testing.drive import Driver, Moment, Record
from marl.testing.subject import Subject


@check("Save everything that the future follows from: position, seed, how much chance was drawn, who has acted.")
def fork(subject: Subject) -> str:
    """A saved match goes on as it would have, in any lane; new seeds redraw the future alone."""
    driver = Driver(subject.make(3))
    if not isinstance(driver.env, Forkable):
        raise NotApplicable("it is not Forkable")
    driver.reset([0, 1, 2], subject.seeds(5)[:3])
    driver.run(min(record.ticks for record in subject.records) // 2)
    if not driver.live():  # very short matches: save them at their beginning
        driver.reset([0, 1, 2], subject.seeds(5)[:3])
    saved = driver.live([2, 0, 1])[:2]
    at = [driver.current[lane] for lane in saved]
    begun = driver.tick[saved].tolist()
    blob = driver.env.save(np.array(saved, dtype=np.int64))
    expect(isinstance(blob, bytes), f"`save` gave a {type(blob).__name__}, not bytes")
    expect(not blob.startswith(b"\x80"), "`save` gives a pickle, which may run code when it is loaded")
    driver.run(subject.short)
    futures = [_from(record, tick) for record, tick in zip(at, begun, strict=True)]
    fresh = Driver(subject.make(4))
    for target, lanes, where in ((fresh, [3, 1], "other lanes"), (driver, saved, "its own lanes")):
        for future, record in zip(futures, _resume(target, lanes[: len(at)], blob, futures, begun), strict=True):
            expect_same(future, record, f"a saved match goes on differently after it was loaded into {where}")
    _redraw(fresh, blob, futures, begun)
    return f"{len(at)} matches saved after {begun[0]} ticks"


@check("`copy_from` copies all that the future follows from, and what is played in a copy changes nothing elsewhere.")
def copies(subject: Subject) -> str:
    """A copy goes on as the match would have, in an environment of another size, and the match is none the wiser."""
    driver = Driver(subject.make(3))
    if not isinstance(driver.env, Searchable):
        raise NotApplicable("it is not Searchable")
    driver.reset([0, 1, 2], subject.seeds(5)[:3])
    driver.run(min(record.ticks for record in subject.records) // 2)
    if not driver.live():  # very short matches: copy them at their beginning
        driver.reset([0, 1, 2], subject.seeds(5)[:3])
    lane = driver.live([2, 0, 1])[0]
    now, at, tick = driver.current[lane].moments[-1].rows, driver.current[lane], int(driver.tick[lane])
    others = Driver(driver.env.sized(5))
    assert isinstance(others.env, Searchable)
    expect(others.env.lanes == 5, f"`sized(5)` gives {others.env.lanes} lanes")
    others.env.copy_from(driver.env, np.array([lane, lane]), np.array([4, 1]))
    others.adopt([4], _moved(now, 4), [at.seed], [at.choice], tick)
    others.run(subject.short, [4])
    others.env.copy_from(others.env, np.array([1]), np.array([3]))
    for copied in (1, 3):
        others.adopt([copied], _moved(now, copied), [at.seed], [at.choice], tick)
        others.run(subject.short, [copied])
    driver.run(subject.short)
    future = _from(at, tick)
    for copied in (4, 1, 3):
        expect_same(future, others.current[copied], f"the copy in lane {copied} goes on differently")
    return f"3 copies of a match of {tick} ticks"


@check("Leave EnvSpec.deterministic out, or let nothing be drawn after somebody had to act.")
def deterministic(subject: Subject) -> str:
    """Where the spec says that nothing is left to chance once somebody must act, other seeds change nothing then."""
    if not subject.spec.deterministic:
        raise NotApplicable("the spec does not say that nothing is left to chance")
    driver = Driver(subject.make(2))
    if not isinstance(driver.env, Forkable):
        raise NotApplicable("it is not Forkable, so a match cannot be given another seed")
    driver.reset([0], subject.seeds(6)[:1])
    first = driver.current[0]
    turn = driver.env.load(np.array([1]), driver.env.save(np.array([0])), rng.as_keys(subject.seeds(7)[:1]))
    driver.adopt([1], turn, [first.seed], [first.choice])
    driver.run(subject.short)
    expect_same(first, driver.current[1], "the same actions lead elsewhere with another seed")
    return f"{first.ticks} ticks"


def _moved(turn: Turn, lane: int) -> Turn:
    """The same rows, in another lane."""
    return tuple(None if rows is None else replace(rows, lane=np.full_like(rows.lane, lane)) for rows in turn)


@check("`state(lanes)` gives one row per lane, in the order of `lanes`.")
def state(subject: Subject) -> str:
    """The state has a row per lane, in order."""
    driver = Driver(subject.make(subject.matches))
    driver.reset(range(subject.matches), subject.seeds())
    if subject.spec.state is None:
        if _has_state(driver):
            raise Doubtful(
                "state() gives something, but the spec declares no state, so no mixer or critic would be given it",
                "Set EnvSpec.state to its space, or leave state() out.",
            )
        raise NotApplicable("the spec declares no state")
    driver.run(min(record.ticks for record in subject.records) // 2)
    lanes = driver.live()[::-1]
    together = driver.env.state(np.array(lanes, dtype=np.int64))
    for row, lane in enumerate(lanes):
        alone = dict(tree.leaves(driver.env.state(np.array([lane]))))
        for name, leaf in tree.leaves(together):
            expect(len(leaf) == len(lanes), f"state {name!r} has {len(leaf)} rows for {len(lanes)} lanes")
            expect(np.array_equal(leaf[row], alone[name][0]), f"row {row} of state({lanes}) is not that of lane {lane}")
    return f"{len(lanes)} lanes"


@check("Return Frame(text, svg): some text for terminals, and SVG or ''.")
def render(subject: Subject) -> str:
    """Every position can be drawn."""
    driver = Driver(subject.make(1))
    driver.reset([0], subject.seeds()[:1])
    for tick in range(min(subject.short, 10)):
        frame = driver.env.render(0)
        expect(isinstance(frame, Frame), f"render gives a {type(frame).__name__} at tick {tick}, not a Frame")
        expect(isinstance(frame.text, str) and frame.text.strip(), f"the text at tick {tick} is empty")
        if frame.svg:
            _well_formed(frame.svg)
        if driver.current[0].done:
            break
        driver.run(1)
    return "text and SVG" if frame.svg else "text"


def _has_state(driver: Driver) -> bool:
    try:
        return driver.env.state(np.array([0], dtype=np.int64)) is not None
    except Exception:  # whatever an environment without a state says of it
        return False


def _resume(driver: Driver, lanes: list[int], blob: bytes, futures: list[Record], begun: list[int]) -> list[Record]:
    assert isinstance(driver.env, Forkable)
    turn = driver.env.load(np.array(lanes, dtype=np.int64), blob)
    for lane, future, tick in zip(lanes, futures, begun, strict=True):
        driver.adopt([lane], turn, [future.seed], [future.choice], tick)
    driver.run(30, lanes)
    return [driver.current[lane] for lane in lanes]


def _from(record: Record, tick: int) -> Record:
    """A match from a tick on, as if it had been loaded there."""
    at = record.moments[tick]
    rest = record.moments[tick + 1 :]
    return Record(record.seed, record.choice, record.lane, [Moment(at.rows, state=at.state), *rest])


def _redraw(driver: Driver, blob: bytes, futures: list[Record], begun: list[int]) -> None:
    """Load with new seeds, twice."""
    assert isinstance(driver.env, Forkable)
    count, played = len(futures), []
    for lanes in ([0, 1][:count], [2, 3][:count]):
        turn = driver.env.load(np.array(lanes, dtype=np.int64), blob, rng.as_keys([77, 78][:count]))
        for lane, future, tick in zip(lanes, futures, begun, strict=True):
            driver.adopt([lane], turn, [future.seed], [future.choice], tick)
        for lane, future in zip(lanes, futures, strict=True):
            now = Record(future.seed, future.choice, lane, driver.current[lane].moments[:1])
            expect_same(future, now, "new seeds change what an agent sees now", skip=("state",))
        driver.run(30, lanes)
        played.append([driver.current[lane] for lane in lanes])
    for first, second in zip(*played, strict=True):
        expect_same(first, second, "a saved match loaded twice with the same new seeds has two futures")


def _well_formed(svg: str) -> None:
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        expect(False, f"the SVG is not well-formed: {error}")
    else:
        expect(root.tag.endswith("svg"), f"the SVG starts with <{root.tag}>")
