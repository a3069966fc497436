"""What an environment declares, and whether what it hands out is of that kind."""

from __future__ import annotations

import numpy as np

from marl import space
from marl.env import Environment, EnvSpec
from marl.space import Box, Discrete, MultiDiscrete, Space, Tree
from marl.testing.check import Broken, check, expect
from marl.testing.subject import Subject
from marl.types import ArrayTree


@check("Read the traceback: run check_environment on it, or reset and step it by hand.")
def plays(subject: Subject) -> str:
    """It can be made, reset and stepped."""
    env = subject.make(subject.matches)
    expect(isinstance(env, Environment), f"{type(env).__name__} lacks something of Environment", "See marl/env.py.")
    expect(isinstance(env.spec, EnvSpec), f"its spec is a {type(env.spec).__name__}, not an EnvSpec")
    expect(env.lanes == subject.matches, f"it has {env.lanes} lanes, but was asked for {subject.matches}")
    error = subject.played[1]
    if error is not None:
        raise error
    played = sum(record.ticks for record in subject.records)
    return f"{subject.matches} matches, {played} ticks"


@check("Correct the EnvSpec; marl/env.py and marl/space.py say what each part means.")
def spec(subject: Subject) -> str:
    """The spec is consistent, and the same for any number of lanes."""
    spec = subject.spec
    expect(subject.make(3).spec == spec, "its spec depends on the number of lanes")
    expect(len(set(spec.agents)) == len(spec.agents) > 0, f"its agents need different names: {spec.agents}")
    names = [group.name for group in spec.groups]
    expect(len(set(names)) == len(names), f"its groups need different names: {names}")
    expect(spec.dynamics in ("turns", "simultaneous"), f"dynamics are 'turns' or 'simultaneous', not {spec.dynamics!r}")
    expect(spec.max_length >= 1, f"max_length is {spec.max_length}, but a match has a tick at least")
    low, high = spec.returns
    expect(low <= high, f"its returns are {spec.returns}: low, then high")
    expect(not spec.zero_sum or len(spec.sides) > 1, "zero_sum needs two sides at least")
    sizes = {len(side) for side in spec.sides}
    expect(not spec.symmetric or len(sizes) == 1, f"it is symmetric, but its sides have different sizes: {spec.sides}")
    for group in spec.groups:
        _sound(group.observation, f"the observation space of group {group.name!r}")
        _sound(group.action, f"the action space of group {group.name!r}")
        expect(not isinstance(group.action, Tree), f"group {group.name!r} acts in a Tree, which no policy can answer")
    if spec.state is not None:
        _sound(spec.state, "the state space")
    return f"{len(spec.agents)} agents, {len(spec.groups)} groups, {len(spec.sides)} sides, {spec.dynamics}"


@check("Make the space in the spec and the arrays agree: shape, dtype (float32 by default) and bounds.")
def spaces(subject: Subject) -> str:
    """Every observation, final observation and state lies in its space."""
    checked = 0
    for record in subject.records:
        for tick, moment in enumerate(record.moments):
            for title, turn in (("observation", moment.rows), ("final observation", moment.final)):
                for group, rows in zip(subject.spec.groups, turn, strict=False):
                    if rows is not None:
                        checked += len(rows)
                        problem = misfit(group.observation, rows.observation)
                        expect(not problem, f"{title} of group {group.name!r}, tick {tick}: {problem}")
            if subject.spec.state is not None:
                problem = misfit(subject.spec.state, moment.state)
                expect(not problem, f"state, tick {tick}: {problem}")
    return f"{checked} observations"


@check("Give every array of a Step the shape and type that marl.env.Step names.")
def steps(subject: Subject) -> str:
    """Every array of a Step has its shape and type."""
    agents, groups = len(subject.spec.agents), len(subject.spec.groups)
    for call in subject.main.calls:
        step = call.then[1]
        if step is None:
            continue
        count = len(call.lanes)
        expect(np.array_equal(step.lanes, call.lanes), f"step {call.lanes} came back as a step of lanes {step.lanes}")
        _array(step.rewards, "rewards", (count, agents), "f8")
        expect(np.isfinite(step.rewards).all(), "rewards hold a NaN or an infinity")
        _array(step.terminated, "terminated", (count, agents), "b1")
        _array(step.truncated, "truncated", (count, agents), "b1")
        _array(step.done, "done", (count,), "b1")
        _array(step.fault, "fault", (count,), "i8")
        expect(len(step.final) == len(step.turn) == groups, f"final and turn need an entry for each of {groups} groups")
        declared, given = set(subject.spec.info), set(step.info)
        expect(declared == given, f"info has the columns {sorted(given)}, but the spec declares {sorted(declared)}")
        for name, column in step.info.items():
            expect(
                isinstance(column, np.ndarray) and len(column) == count, f"info column {name!r} needs a row per lane"
            )
    return f"{len(subject.main.calls)} calls"


def misfit(described: Space, batch: ArrayTree, name: str = "it") -> str:
    """Why some row of a batch does not lie in the space, or ""."""
    if isinstance(described, Tree):
        if not isinstance(batch, dict) or set(batch) != set(described.fields):
            have = sorted(batch) if isinstance(batch, dict) else type(batch).__name__
            return f"{name} should be a dict with {sorted(described.fields)}, but is {have}"
        parts = (misfit(field, batch[key], repr(key)) for key, field in described.fields.items())
        return next((part for part in parts if part), "")
    if not isinstance(batch, np.ndarray):
        return f"{name} is a {type(batch).__name__}, not an array"
    if space.contains(described, batch).all():
        return ""
    wanted = space.zeros(described, 1)
    if batch.shape[1:] != wanted.shape[1:]:
        return f"{name} has rows of shape {batch.shape[1:]}, the space says {wanted.shape[1:]}"
    if batch.dtype != wanted.dtype:
        return f"{name} has dtype {batch.dtype}, the space says {wanted.dtype}"
    if batch.dtype.kind == "f" and np.isnan(batch).any():
        return f"{name} holds a NaN"
    return f"{name} ranges from {batch.min()} to {batch.max()}, outside {described}"


def _sound(described: Space, name: str) -> None:
    match described:
        case Box(shape, low, high, dtype):
            expect(low <= high, f"{name} has no number between {low} and {high}")
            expect(all(size > 0 for size in shape), f"{name} has the shape {shape}")
            expect(np.dtype(dtype).kind in "fiub", f"{name} has numbers of the dtype {dtype}")
        case Discrete(n):
            expect(n > 0, f"{name} has {n} choices")
        case MultiDiscrete(nvec):
            expect(nvec and min(nvec) > 0, f"{name} has {nvec} choices")
        case Tree(fields):
            expect(fields, f"{name} is a Tree without fields")
            for key, field in fields.items():
                expect("/" not in key, f"{name} has a field {key!r}, but '/' separates the levels of a tree")
                _sound(field, f"{name}, field {key!r},")
        case _:
            raise Broken(f"{name} is a {type(described).__name__}, not a space of marl.space")


def _array(value: object, name: str, shape: tuple[int, ...], kind: str) -> None:
    expect(isinstance(value, np.ndarray), f"{name} is a {type(value).__name__}, not an array")
    assert isinstance(value, np.ndarray)
    expect(value.shape == shape, f"{name} has shape {value.shape}, not {shape}")
    expect(value.dtype == np.dtype(kind), f"{name} has dtype {value.dtype}, not {np.dtype(kind)}")
