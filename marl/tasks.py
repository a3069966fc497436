"""Tasks: what varies inside an environment from match to match, such as a map, a team set, a level, a parameter."""

from __future__ import annotations

from dataclasses import dataclass

from marl import rng
from marl.errors import UserError, suggestion
from marl.types import Ints, Keys

_TASK = 0x7461736B  # sets the draw of a task apart from all else that follows from a seed


@dataclass(frozen=True)
class Tasks:
    """The tasks of an environment, numbered from 0: give their `names`, or a `count` and what a number means.

    Raises ValueError where there are none, or two of one name.
    """

    names: tuple[str, ...] = ()
    count: int = 0
    meaning: str = ""

    def __post_init__(self) -> None:
        if self.names and self.count not in (0, len(self.names)):
            raise ValueError(f"there are {len(self.names)} names for {self.count} tasks: give names or a count")
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"tasks need different names: {self.names}")
        object.__setattr__(self, "count", len(self.names) or self.count)
        if self.count < 1:
            raise ValueError("an environment with tasks has one task or more; without tasks it declares None")

    def __len__(self) -> int:
        return self.count

    def name(self, task: int) -> str:
        """The name of a task; its number where tasks have none."""
        return self.names[task] if self.names else str(task)

    def number(self, name: str) -> int:
        """The task of that name (or number). Raises UserError where there is none."""
        if name in self.names:
            return self.names.index(name)
        if not self.names and name.isdecimal() and int(name) < self.count:
            return int(name)
        known = suggestion(name, self.names) if self.names else f"; there are the tasks 0 to {self.count - 1}"
        raise UserError(f"unknown task {name!r}{known}")

    def drawn(self, seeds: Keys) -> Ints:
        """What is played where nobody says: a uniform task `int64[L]` for each of the environment's `seeds[L]`."""
        return rng.integers(rng.mix(seeds, _TASK), self.count)

    def given(self, seeds: Keys, tasks: Ints | None) -> Ints:
        """The tasks `int64[L]` of a reset, drawn where they are None. Raises ValueError where one does not exist."""
        if tasks is None:
            return self.drawn(seeds)
        if tasks.shape != seeds.shape:
            raise ValueError(f"{len(seeds)} lanes need {len(seeds)} tasks, but an array of shape {tasks.shape} came")
        if tasks.size and not 0 <= tasks.min() <= tasks.max() < self.count:
            wrong = tasks[(tasks < 0) | (tasks >= self.count)][0]
            raise ValueError(f"there is no task {wrong}: they are 0 to {self.count - 1}")
        return tasks
