"""What every environment looks at before it plays anything: whether there is one action for each pending row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from marl import space
from marl.env import Actions, EnvSpec
from marl.types import Array


class ActionBatches:
    """Reads `Environment.step`'s actions. `likes`: an empty batch of each group's actions, `[0, ...]`."""

    def __init__(self, spec: EnvSpec) -> None:
        self._names = [group.name for group in spec.groups]
        self.likes: list[Array] = [space.zeros(group.action, 0) for group in spec.groups]

    def __call__(self, counts: Sequence[int], actions: Actions) -> list[Array]:
        """One batch per group, `[K, ...]`, where `counts` rows are pending. Raises ValueError where they do not fit.

        Shapes alone are looked at: what is no legal action is a fault, and ends its match.
        """
        if len(actions) != len(self.likes):
            raise ValueError(f"there are {len(self.likes)} groups, but actions for {len(actions)} came")
        return [self.of(group, count, given) for group, (count, given) in enumerate(zip(counts, actions, strict=True))]

    def of(self, group: int, count: int, given: Array | None) -> Array:
        """The batch of one group."""
        like = self.likes[group]
        if given is None:
            if count == 0:
                return like
            came = "none"
        else:
            given = np.asarray(given)
            if given.shape == (count, *like.shape[1:]):
                return given
            came = f"an array of shape {given.shape}"
        raise ValueError(
            f"group {self._names[group]!r} has {count} rows in these lanes, so its actions must have shape "
            f"{(count, *like.shape[1:])}, but {came} came"
        )


def no_match(lane: int) -> ValueError:
    """What is raised for a lane in which nothing is played."""
    return ValueError(f"the match in lane {lane} is over or was never started: reset the lane first")
