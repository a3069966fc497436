"""Rows: who must act, in which order, and what is legal."""

from __future__ import annotations

import numpy as np

from marl.env import EnvSpec, Group, Rows
from marl.space import MultiDiscrete, mask_width
from marl.testing.check import Broken, Doubtful, check, expect
from marl.testing.drive import Call, Record
from marl.testing.subject import Subject
from marl.types import Bools, Ints


@check("Rows come lane by lane in the order of the `lanes` argument, agents ascending, for stepped lanes alone.")
def rows(subject: Subject) -> str:
    """Rows come in canonical order, for agents of the group, in lanes that were stepped and are not over."""
    spec, checked = subject.spec, 0
    for call in subject.main.calls:
        turn, over = call.then[2], _over(call)
        expect(len(turn) == len(spec.groups), f"a turn has {len(turn)} entries for {len(spec.groups)} groups")
        acting = np.zeros(len(call.lanes), dtype=np.int64)
        for index, (group, part) in enumerate(zip(spec.groups, turn, strict=True)):
            if part is not None:
                place = ordered(call, group, index, part)
                expect(not over[place].any(), f"group {group.name!r} has rows in a lane whose match is over")
                np.add.at(acting, place, 1)
                checked += len(part)
        idle = ~over & (acting == 0)
        expect(not idle.any(), f"lane {call.lanes[idle][:1]} is not over, but nobody in it has a row")
        if spec.dynamics == "turns":
            expect(acting.max(initial=0) <= 1, f"dynamics are 'turns', but a lane has {acting.max()} rows at once")
    if spec.dynamics == "simultaneous" and not spec.births:
        for record in subject.records:
            _everyone_acts(spec, record)
    return f"{checked} rows"


def _everyone_acts(spec: EnvSpec, record: Record) -> None:
    """In a simultaneous game an agent has a row before its part ends, though some come late."""
    idle = np.ones(len(spec.agents), dtype=np.bool_)
    for moment in record.moments:
        for part in moment.rows:
            if part is not None:
                idle[part.agent] = False
    if idle.any():
        name = spec.agents[int(idle.argmax())]
        raise Doubtful(
            f"match seed {record.seed}: dynamics are 'simultaneous', but {name!r} had no row in {record.ticks} ticks",
            "Give every living agent a row at every tick (one legal action is enough), or end its part.",
        )


@check("Set `first` on the first row that an agent has after a reset (of every life, with births), and on no other.")
def first(subject: Subject) -> str:
    """`first` is set exactly on the first row of an agent in a match, or of a life, where there are births."""
    for record in subject.records:
        seen: set[int] = set()
        for tick, moment in enumerate(record.moments):
            if subject.spec.births and moment.step:
                seen -= set(np.flatnonzero(moment.step["terminated"] | moment.step["truncated"]).tolist())
            for part in moment.rows:
                for agent, flag in [] if part is None else zip(part.agent.tolist(), part.first.tolist(), strict=True):
                    what = "is set on a later row" if flag else "is missing on the first row"
                    expect(
                        flag == (agent not in seen), f"match seed {record.seed}, tick {tick}: `first` {what} of {agent}"
                    )
                    seen.add(agent)
    return f"set once per agent and {'life' if subject.spec.births else 'match'}"


@check("Give a bool[K, mask_width] with a legal action in every row (and for every part of a MultiDiscrete).")
def masks(subject: Subject) -> str:
    """Masks have their shape, leave something legal, and what they allow is never a fault."""
    checked = 0
    for record in subject.records:
        for tick, moment in enumerate(record.moments):
            for group, part in zip(subject.spec.groups, moment.rows, strict=True):
                if part is not None and part.mask is not None:
                    checked += len(part)
                    _allows(group, part.mask, len(part), f"match seed {record.seed}, tick {tick}: ")
    for record in subject.records:
        expect(record.fault < 0, f"match seed {record.seed}: a legal action at tick {record.ticks} counted as a fault")
    return f"{checked} masks" if checked else "no masks"


def ordered(call: Call, group: Group, index: int, part: Rows) -> Ints:
    """Where the lane of each row stands in the call. Raises unless the rows are in canonical order."""
    for name, column in (("lane", part.lane), ("agent", part.agent)):
        expect(
            isinstance(column, np.ndarray) and column.dtype == np.int64 and column.ndim == 1,
            f"`{name}` of group {group.name!r} is not an int64 array with one axis",
        )
    expect(len(part.agent) == len(part.first) == len(part), f"columns of group {group.name!r} differ in length")
    expect(part.group == index, f"rows of group {group.name!r} carry group {part.group}, not {index}")
    expect(
        np.isin(part.agent, group.agents).all(), f"rows of group {group.name!r} hold agents {sorted(set(part.agent))}"
    )
    strangers = sorted(set(part.lane.tolist()) - set(call.lanes.tolist()))
    expect(not strangers, f"lanes {call.lanes} were asked for, but there are rows of lanes {strangers}")
    place = np.array([call.lanes.tolist().index(lane) for lane in part.lane.tolist()], dtype=np.int64)
    code = place * (max(group.agents) + 1) + part.agent
    if (np.diff(code) <= 0).any():
        found = [(int(lane), int(agent)) for lane, agent in zip(part.lane, part.agent, strict=True)][:6]
        raise Broken(f"lanes {call.lanes} gave rows (lane, agent) of group {group.name!r} in the order {found}")
    return place


def _over(call: Call) -> Bools:
    step = call.then[1]
    return np.zeros(len(call.lanes), dtype=np.bool_) if step is None else np.asarray(step.done)


def _allows(group: Group, mask: Bools, count: int, where: str) -> None:
    width = mask_width(group.action)
    expect(width is not None, f"{where}group {group.name!r} has a mask, but its action space takes none")
    assert width is not None
    expect(mask.shape == (count, width), f"{where}the mask has shape {mask.shape}, not {(count, width)}")
    expect(mask.dtype == np.bool_, f"{where}the mask has dtype {mask.dtype}, not bool")
    nvec = group.action.nvec if isinstance(group.action, MultiDiscrete) else (width,)
    for part in np.split(mask, np.cumsum(nvec)[:-1], axis=1):
        expect(part.any(axis=1).all(), f"{where}a row of group {group.name!r} has no legal action")
