"""Scoring: what a match counts for the schedule, as the host chose, and what becomes of it when a bot fails.

Between two the other one wins. Among more, a failure changes nothing for anybody else: the host acts in the failed
side's place, everybody else gets what the game says, and the failed side gets nothing. So nobody can rescue an ally by
failing: there is nothing to gain that a bot could not have had by playing on, and playing badly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from league.referee.verdict import Verdict
from marl.env import EnvSpec
from marl.errors import UserError
from marl.policies.first import First
from marl.policies.random import Random
from marl.policy import Policy


@dataclass(frozen=True)
class Scoring:
    """What a match counts, from 0 to 1 for each side. Raises ValueError for bounds that bound nothing."""

    by: Literal["rank", "win", "return"] = "rank"
    """rank: the share of opponents beaten, a tie being half; win: 1 for who alone is first, shared by those who share
    first place; return: what the game pays, as a share of the way from the least to the most that it can pay."""
    low: float | None = None
    """by return: what counts 0, and less does too; by default the least that the game can pay."""
    high: float | None = None
    """by return: what counts 1, and more does too; by default the most that the game can pay."""
    after_fault: Literal["random", "first", "stop"] = "random"
    """With more than two sides, or by return, when a bot has failed. random, first: the host plays random legal
    moves, or the first legal one, in its place; stop: the match ends, and what everybody has earned so far counts."""

    def __post_init__(self) -> None:
        bounds = [bound for bound in (self.low, self.high) if bound is not None]
        if not all(math.isfinite(bound) for bound in bounds) or (len(bounds) == 2 and bounds[0] >= bounds[1]):
            raise ValueError(f"low: {self.low} and high: {self.high} must be finite, and low below high")

    def by_position(self, sides: int) -> bool:
        """Whether the game's own returns count when somebody has failed; between two, the other one wins."""
        return sides > 2 or self.by == "return"

    def goes_on(self, sides: int) -> bool:
        """Whether a match goes on without a side that has failed."""
        return self.by_position(sides) and self.after_fault != "stop"

    def stand_in(self, spec: EnvSpec) -> Policy | None:
        """Who acts in the place of a failed side; None where nobody does. Raises UserError for a wrong game."""
        if not self.goes_on(len(spec.sides)):
            return None
        return First(spec) if self.after_fault == "first" else Random(spec)

    def check(self, spec: EnvSpec, name: str) -> None:
        """Raise UserError where the matches of a game cannot be scored like this."""
        self.stand_in(spec)
        if self.by == "return":
            self.bounds(spec.returns, name)

    def bounds(self, game: tuple[float, float], name: str = "the game") -> tuple[float, float]:
        """What counts 0 and 1 by return; `game` is what `EnvSpec.returns` says. Raises UserError where nothing does."""
        low = game[0] if self.low is None else self.low
        high = game[1] if self.high is None else self.high
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise UserError(
                f"scoring.by=return needs to know what a side can earn at least and at most, and {name} says "
                f"{game[0]:g} to {game[1]:g}; set scoring.low and scoring.high, or scoring.by=rank"
            )
        return low, high

    def scores(
        self, verdicts: Sequence[Verdict], returns: Sequence[float], game: tuple[float, float] = (-math.inf, math.inf)
    ) -> tuple[float, ...] | None:
        """The score of each side `[S]`, from its verdict and what it earned; None where the match is void.

        Who is at fault has 0, and nobody else's score depends on it, but that one of two wins (see `by_position`).
        """
        if Verdict.HOST_ERROR in verdicts:
            return None
        faults = [verdict.is_fault for verdict in verdicts]
        if len(verdicts) == 1 or (any(faults) and not self.by_position(len(verdicts))):
            return tuple({Verdict.WIN: 1.0, Verdict.DRAW: 0.5}.get(verdict, 0.0) for verdict in verdicts)
        if self.by == "return":
            low, high = self.bounds(game)
            worth = [min(max((earned - low) / (high - low), 0.0), 1.0) for earned in returns]
        elif self.by == "win":
            best = max(returns)
            worth = [float(earned == best) / list(returns).count(best) for earned in returns]
        else:
            worth = [_beaten(returns, side) for side in range(len(returns))]
        return tuple(0.0 if fault else score for fault, score in zip(faults, worth, strict=True))


def _beaten(returns: Sequence[float], side: int) -> float:
    """The share of its opponents that a side beat, ties counting half."""
    mine, others = returns[side], [*returns[:side], *returns[side + 1 :]]
    return sum((mine > other) + 0.5 * (mine == other) for other in others) / len(others)
