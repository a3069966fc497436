"""What several environments have in common when they are one: seats for all their agents, and one pair of spaces.

An agent of a task sits on the seat of its place on its side, so a side has as many seats as its largest team. All seats
are one group. What is seen is a tree: which *view* it is (a group of a task), and the views, all zero but that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from marl.env import EnvSpec, Group
from marl.errors import UserError
from marl.space import Discrete, Space, Tree
from marl.tasks import Tasks
from marl.types import Ints

VIEW, TASK = "view", "task"  # which of the others counts, in what is seen and in the state


@dataclass(frozen=True)
class Seats:
    """Where the agents of one task sit."""

    seat: Ints  # int64[n], of each agent of the task
    agent: Ints  # int64[N], who sits on each seat; -1: nobody
    view: Ints  # int64[n], the view of each agent


def joined(specs: Mapping[str, EnvSpec]) -> tuple[EnvSpec, list[Seats], list[str]]:
    """The spec of all together, where the agents of each task sit, and the names of the views.

    Raises UserError where they cannot be one environment.
    """
    _check(specs)
    sides = len(next(iter(specs.values())).sides)
    sizes = [max(len(spec.sides[side]) for spec in specs.values()) for side in range(sides)]
    starts = np.cumsum([0, *sizes])
    names = tuple(
        f"agent_{place}" if sides == 1 else f"side{side}_{place}"
        for side in range(sides)
        for place in range(sizes[side])
    )
    views = _views(specs)
    seen = Tree({VIEW: Discrete(len(views))} | {name: group.observation for name, group in views.items()})
    actions = Discrete(max(cast(Discrete, group.action).n for group in views.values()))
    spec = EnvSpec(
        names,
        (Group("agents", tuple(range(len(names))), seen, actions),),
        tuple(tuple(range(starts[side], starts[side + 1])) for side in range(sides)),
        "turns" if all(spec.dynamics == "turns" for spec in specs.values()) else "simultaneous",
        max(spec.max_length for spec in specs.values()),
        (min(spec.returns[0] for spec in specs.values()), max(spec.returns[1] for spec in specs.values())),
        _state(specs),
        zero_sum=all(spec.zero_sum for spec in specs.values()),
        symmetric=all(spec.symmetric for spec in specs.values()),
        tasks=Tasks(tuple(specs)),
    )
    return spec, _seats(specs, starts, len(names)), list(views)


def _views(specs: Mapping[str, EnvSpec]) -> dict[str, Group]:
    """The groups of all tasks, by the names of their views."""
    result: dict[str, Group] = {}
    for task, spec in specs.items():
        for group in spec.groups:
            name = task if len(spec.groups) == 1 else f"{task}_{group.name}"
            if name in result:
                raise UserError(f"tasks: two groups of agents would both be called {name!r}: rename a task")
            result[name] = group
    return result


def _seats(specs: Mapping[str, EnvSpec], starts: Ints, count: int) -> list[Seats]:
    result, first = [], 0
    for spec in specs.values():
        seat, agent = np.zeros(len(spec.agents), np.int64), np.full(count, -1)
        for side, start in zip(spec.sides, starts, strict=False):
            seat[list(side)] = start + np.arange(len(side))
        agent[seat] = np.arange(len(seat))
        result.append(Seats(seat, agent, first + spec.group_of))
        first += len(spec.groups)
    return result


def _state(specs: Mapping[str, EnvSpec]) -> Space | None:
    """Which task it is, and the states of all; None where one has none."""
    states = {task: spec.state for task, spec in specs.items() if spec.state is not None}
    return Tree({TASK: Discrete(len(specs))} | states) if len(states) == len(specs) else None


def _check(specs: Mapping[str, EnvSpec]) -> None:
    first, sides = next((task, len(spec.sides)) for task, spec in specs.items())
    for task, spec in specs.items():
        if task in (VIEW, TASK):
            raise UserError(f"tasks: {task!r} says which task is played, so no task can be called so")
        if len(spec.sides) != sides:
            raise UserError(
                f"tasks.{task}: it has {len(spec.sides)} sides and {first} has {sides}; tasks that are joined have "
                "equally many"
            )
        if spec.births:
            raise UserError(f"tasks.{task}: agents are born and die within its matches, so it cannot be joined")
        for group in spec.groups:
            if not isinstance(group.action, Discrete):
                raise UserError(f"tasks.{task}: {group.name} act by {group.action}; only choices can be joined")
