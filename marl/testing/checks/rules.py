"""Breaking the rules, on purpose: illegal actions, wrong arguments, arrays that change behind one's back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from marl import tree
from marl.env import Actions, Rows, Step, Turn
from marl.space import Box, Discrete, MultiDiscrete, Space
from marl.testing.check import Broken, NotApplicable, check, expect
from marl.testing.compare import expect_same
from marl.testing.drive import Call, Driver
from marl.testing.subject import Subject
from marl.types import Array


@check("On an illegal action end that lane's match with `fault` set to the agent; never raise, touch no other lane.")
def faults(subject: Subject) -> str:
    """An illegal action ends its match, is laid to the agent who did it, and raises nothing."""
    tried = [kind for kind, spoil in _SPOILERS.items() if _offend(subject, kind, spoil)]
    if not tried:
        raise NotApplicable("no action can be illegal")
    return f"tried actions that are {', '.join(tried)}"


@check("Check the number of actions per group and their shape before anything is played; say what would be right.")
def arguments(subject: Subject) -> str:
    """Actions of a wrong number or shape raise ValueError with a sentence, and change nothing."""
    count = subject.matches
    driver = Driver(subject.make(count))
    driver.reset(range(count), subject.seeds())
    for title, spoilt in _misshapen(driver.actions(range(count))):
        try:
            driver.env.step(np.arange(count), spoilt)
        except ValueError as error:
            expect(len(str(error).split()) > 3, f"{title} raise ValueError({str(error)!r}), which is not a sentence")
        except Exception as error:
            raise Broken(f"{title} raise {type(error).__name__}: {error}, not ValueError") from error
        else:
            raise Broken(f"{title} are accepted")
    driver.run(2)
    for record in driver.records:
        expect_same(subject.records[record.lane], record, "refused actions changed a match")
    return "refused"


@check("Hand out copies, or never write again into what was handed out; never write into the actions.")
def aliasing(subject: Subject) -> str:
    """Arrays that were handed out never change, and actions are not written to."""
    calls = [*_few_calls(subject, subject.matches), *_few_calls(subject, 1)]  # a lone row is easily a view
    for call in calls:
        then = _arrays(call.then[0], call.then[1], call.then[2])
        for (name, now), (_, before) in zip(_arrays(call.actions, call.step, call.turn), then, strict=True):
            same = np.array_equal(now, before, equal_nan=np.asarray(now).dtype.kind == "f")
            expect(same, f"{name} at tick {call.ticks[0]} changed after it was handed over")
    return f"{len(calls)} calls"


def _few_calls(subject: Subject, lanes: int) -> list[Call]:
    driver = Driver(subject.make(lanes))
    driver.reset(range(lanes), subject.seeds()[:lanes])
    driver.run(min(subject.short, 10))
    driver.reset(range(lanes), subject.seeds(1)[:lanes])
    driver.run(1)
    return driver.calls


def _offend(subject: Subject, kind: str, spoil: Callable[[Space, Rows, int], Array | None]) -> bool:
    """Let an agent break the rules as soon as it can. Whether it could."""
    driver = Driver(subject.make(2))
    driver.reset([0, 1], subject.seeds()[:2])
    for _ in range(subject.short):
        for group, rows in reversed(list(enumerate(driver.current[1].moments[-1].rows))):
            for row in [] if rows is None else reversed(range(len(rows))):
                assert rows is not None
                action = spoil(subject.spec.groups[group].action, rows, row)
                if action is not None:
                    _judge(subject, driver, int(rows.agent[row]), action, kind)
                    return True
        driver.run(1)
        if driver.current[1].done:
            return False
    return False


def _judge(subject: Subject, driver: Driver, agent: int, action: Array, kind: str) -> None:
    """Agent `agent` of lane 1 does it; lane 0, if it is still playing, must not notice."""
    driver.override(1, agent, action)
    title = f"an action that is {kind} ({action})"
    alive = driver.current[1].living(subject.spec)
    lanes = driver.live([1, 0])
    try:
        step = driver.step(lanes)
    except Exception as error:
        raise Broken(f"{title} raises {type(error).__name__}: {error}") from error
    expect(step.fault[0] == agent, f"{title} by agent {agent} is laid to {step.fault[0]} (-1 is nobody)")
    expect(step.done[0], f"{title} does not end the match")
    ended = step.terminated[0] | step.truncated[0]
    expect((ended == alive).all(), f"{title} ends agents {np.flatnonzero(ended)}, not {np.flatnonzero(alive)}")
    expect(np.isfinite(step.rewards[0]).all(), f"{title} gives rewards that are not finite")
    expect_same(subject.records[0], driver.current[0], f"{title} in lane 1 changed the match in lane 0")
    driver.reset([1], subject.seeds()[1:2])
    driver.run(1, [1])
    expect_same(subject.records[1], driver.current[1], f"{title} spoilt the lane for the next match")


def _outside(space: Space, rows: Rows, row: int) -> Array | None:
    match space:
        case Discrete(n):
            return np.array(n)
        case MultiDiscrete(nvec):
            return np.array(nvec)
        case Box(shape, high=high, dtype=dtype) if np.isfinite(high) and high < _largest(dtype):
            return np.full(shape, high + 1, dtype=dtype)
        case _:
            return None


def _below(space: Space, rows: Rows, row: int) -> Array | None:
    match space:
        case Discrete():
            return np.array(-1)
        case MultiDiscrete(nvec):
            return np.array([0] * (len(nvec) - 1) + [-1])
        case _:
            return None


def _masked(space: Space, rows: Rows, row: int) -> Array | None:
    if rows.mask is None or rows.mask[row].all():
        return None
    column = int(np.flatnonzero(~rows.mask[row])[-1])
    match space:
        case MultiDiscrete(nvec):
            starts = np.concatenate([[0], np.cumsum(nvec)[:-1]])
            legal = [int(np.flatnonzero(part)[0]) for part in np.split(rows.mask[row], starts[1:])]
            part = int(np.searchsorted(starts, column, side="right")) - 1
            legal[part] = column - int(starts[part])
            return np.array(legal)
        case _:
            return np.array(column)


def _nan(space: Space, rows: Rows, row: int) -> Array | None:
    match space:
        case Box(shape, dtype=dtype) if np.dtype(dtype).kind == "f":
            return np.full(shape, np.nan, dtype=dtype)
        case _:
            return None


_SPOILERS = {"too large": _outside, "negative": _below, "masked": _masked, "not a number": _nan}


def _largest(dtype: str) -> float:
    kind = np.dtype(dtype)
    return float(np.iinfo(kind).max if kind.kind in "iu" else np.finfo(kind).max)


def _misshapen(actions: Actions) -> Iterator[tuple[str, Actions]]:
    group, batch = next((index, batch) for index, batch in enumerate(actions) if batch is not None)

    def put(other: Array | None) -> list[Array | None]:
        return [other if index == group else part for index, part in enumerate(actions)]

    yield "too many actions", put(np.concatenate([batch, batch[:1]]))
    yield "too few actions", put(batch[:-1])
    yield "missing actions", put(None)
    yield "actions of a wrong shape", put(np.stack([batch, batch], axis=-1))


def _arrays(actions: Actions | None, step: Step | None, turn: Turn) -> Iterator[tuple[str, Array]]:
    yield from (("the actions", batch) for batch in actions or () if batch is not None)
    if step is not None:
        for name in ("lanes", "rewards", "terminated", "truncated", "done", "fault"):
            yield f"Step.{name}", getattr(step, name)
        yield from ((f"info column {name!r}", column) for name, column in step.info.items())
        yield from _columns("Step.final", step.final)
    yield from _columns("Turn", turn)


def _columns(title: str, turn: Turn) -> Iterator[tuple[str, Array]]:
    for rows in turn:
        if rows is None:
            continue
        for name in ("lane", "agent", "first", "mask"):
            if getattr(rows, name) is not None:
                yield f"{title}: {name}", getattr(rows, name)
        yield from ((f"{title}: observation {name}".rstrip(), leaf) for name, leaf in tree.leaves(rows.observation))
