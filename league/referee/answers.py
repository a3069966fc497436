"""What was answered, as the environment takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from marl import space
from marl.env import Actions, EnvSpec


class Answers:
    """Puts the answers of an environment's agents into its arrays."""

    def __init__(self, spec: EnvSpec) -> None:
        self._blank = [space.zeros(group.action, 0) for group in spec.groups]
        self._group_of: list[int] = spec.group_of.tolist()

    def join(self, given: Sequence[Mapping[int, Any]]) -> Actions:
        """Per group, the actions of these lanes: lane by lane, and by ascending agent."""
        if len(self._blank) == 1:
            flat = [action for actions in given for action in _by_agent(actions)]
            return [np.array(flat, dtype=self._blank[0].dtype)]
        values: list[list[Any]] = [[] for _ in self._blank]
        for actions in given:
            for agent in sorted(actions):
                values[self._group_of[agent]].append(actions[agent])
        return [
            np.array(value, dtype=blank.dtype).reshape(-1, *blank.shape[1:]) if value else None
            for value, blank in zip(values, self._blank, strict=True)
        ]


def _by_agent(actions: Mapping[int, Any]) -> Iterable[Any]:
    return actions.values() if len(actions) == 1 else (actions[agent] for agent in sorted(actions))
