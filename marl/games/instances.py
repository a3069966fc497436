"""Lanes that stand on an object each: what a batch of single matches and the adapters of other libraries share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from marl.env import EnvSpec, Lanes, LanesFailed, Turn, join_turns
from marl.games.actions import ActionBatches, no_match

M = TypeVar("M")
S = TypeVar("S")


class Instances(Generic[M]):
    """An environment with a match of its own, of the type M, in every lane; one that raises has failed alone."""

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        self.spec = spec
        self.lanes = lanes
        self.matches: list[M | None] = [None] * lanes
        self._batches = ActionBatches(spec)
        self._group: list[int] = spec.group_of.tolist()

    def match(self, lane: int) -> M:
        """The match in a lane, over or not. Raises ValueError where there was none."""
        match = self.matches[lane]
        if match is None:
            raise no_match(lane)
        return match

    def forget(self, lane: int) -> None:
        """Let go of a match that raised: the next one in its lane is begun anew."""
        self.matches[lane] = None

    def replay(self, lanes: Lanes, saved: Sequence[S], play: Callable[[Lanes, S], Turn]) -> Turn:
        """Load matches by playing them again: `play(lanes[1], one)` gives the rows of one.

        Raises ValueError where there are not as many as lanes, LanesFailed where some cannot be played again.
        """
        if len(saved) != len(lanes):
            raise ValueError(f"{len(saved)} matches were saved, but {len(lanes)} lanes are to take them")
        turns: list[Turn] = []
        errors: dict[int, Exception] = {}
        for row, one in enumerate(saved):
            here = lanes[row : row + 1]
            try:
                turns.append(play(here, one))
            except Exception as error:
                self.forget(int(here[0]))
                errors[int(here[0])] = error.first if isinstance(error, LanesFailed) else error
        turn = join_turns(turns) if turns else (None,) * len(self.spec.groups)
        if errors:
            raise LanesFailed(errors, turn)
        return turn
