"""Measuring players: matches against opponents, evenly over the sides, with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from marl import rng
from marl.arena import Arena, Mixtures, Moments
from marl.errors import UserError
from marl.policy import Policy
from marl.types import Array, Floats

Z95 = 1.959964  # standard errors to either side: the 97.5 % quantile of the normal distribution


@dataclass(frozen=True)
class Player:
    """Who is measured, or measured against: policies, and for each side a mixture over them, `float64[S, P]`."""

    name: str
    policies: Sequence[Policy]
    weights: Floats

    @staticmethod
    def pure(name: str, policy: Policy, sides: int) -> Player:
        """One policy on every side."""
        return Player(name, [policy], np.ones((sides, 1)))


@dataclass(frozen=True)
class Score:
    """What came of a player's matches against one opponent.

    `by_side`: the moments of its returns on each side that it played. `wins`, `draws`, `losses`: matches in which its
    return was above, at, below the best other side's (all 0 where it plays alone). `faults`: matches that ended because
    it broke the rules, `opponent_faults` because another side did. `info`: the moments of what the columns of the
    environment (`EnvSpec.info`) were at the end of the matches, of those that are a number.
    """

    by_side: dict[int, Moments]
    wins: int
    draws: int
    losses: int
    length: float
    faults: int = 0
    opponent_faults: int = 0
    info: Mapping[str, Moments] = field(default_factory=dict)

    @property
    def matches(self) -> int:
        """How many were played, over all sides."""
        return sum(moments.count for moments in self.by_side.values())

    @property
    def mean(self) -> float:
        """The mean return, every side counting alike."""
        return float(np.mean([moments.mean[0] for moments in self.by_side.values()]))

    @property
    def margin(self) -> float:
        """Half the 95 % interval of `mean`; infinite where a side was played only once."""
        variance = sum(float(moments.error[0]) ** 2 for moments in self.by_side.values())
        return Z95 * math.sqrt(variance) / len(self.by_side)

    @property
    def alone(self) -> bool:
        """Whether there is nobody to win against."""
        return self.wins + self.draws + self.losses == 0

    @property
    def points(self) -> float:
        """Wins and half the draws, as a share of the matches; NaN where it plays alone."""
        return math.nan if self.alone else (self.wins + 0.5 * self.draws) / self.matches

    def plain(self) -> dict[str, float]:
        """The figures as JSON can hold them."""
        figures = {"matches": self.matches, "return": self.mean, "return_margin": self.margin, "length": self.length}
        if len(self.by_side) > 1:
            for side, moments in self.by_side.items():
                figures[f"return_side{side}"] = float(moments.mean[0])
                figures[f"return_side{side}_margin"] = Z95 * float(moments.error[0])
        if not self.alone:
            low, high = wilson(self.wins + 0.5 * self.draws, self.matches)
            counts = {"wins": self.wins, "draws": self.draws, "losses": self.losses}
            counts |= {"faults": self.faults, "opponent_faults": self.opponent_faults}
            figures |= {**counts, "points": self.points, "points_low": low, "points_high": high}
        for name, moments in self.info.items():
            figures[f"info.{name}"] = float(moments.mean[0])
            figures[f"info.{name}_margin"] = Z95 * float(moments.error[0])
        return {name: float(value) for name, value in figures.items() if math.isfinite(value)}


def measure(
    arena: Arena,
    player: Player,
    opponent: Player | None,
    matches: int,
    seed: int,
    sides: Sequence[int] | None = None,
) -> Score:
    """Play `matches` (rounded up to a multiple of the seats), the player on each of `sides` (default: all) in turn.

    The opponent has every other side; None where the environment has only one. Equal arguments, equal matches.
    """
    count = len(arena.environment.spec.sides)
    sides = range(count) if sides is None else sides
    if opponent is None and count > 1:
        raise UserError(f"there are {count} sides, so an opponent is needed")
    policies = [*player.policies, *(opponent.policies if opponent else ())]
    by_side, outcome, lengths = {}, np.zeros(3, dtype=np.int64), 0
    columns: dict[str, list[Floats]] = {}
    faults = opponent_faults = 0
    each = -(-matches // len(sides))
    for side in sides:
        weights = np.zeros((count, len(policies)))
        if opponent is not None:
            weights[:, len(player.policies) :] = opponent.weights
        weights[side] = 0.0
        weights[side, : len(player.policies)] = player.weights[side]
        played = arena.play(policies, Mixtures(weights, int(rng.mix(seed, side)[0])).block(0, each))
        by_side[side] = Moments.of(played.returns[:, side : side + 1])
        outcome += _outcomes(played.returns, side)
        lengths += int(played.length.sum())
        for name, column in played.info.items():
            if column.ndim == 1:
                columns.setdefault(name, []).append(column)
        mine = played.fault_side == side
        faults += int(mine.sum())
        opponent_faults += int((played.fault >= 0).sum() - mine.sum())
    wins, draws, losses = outcome.tolist()
    info = {name: Moments.of(np.concatenate(parts)[:, None]) for name, parts in columns.items()}
    return Score(by_side, wins, draws, losses, lengths / (each * len(sides)), faults, opponent_faults, info)


def wilson(points: float, matches: int) -> tuple[float, float]:
    """The 95 % interval of a share. Source: Wilson, "Probable inference", JASA 22 (1927)."""
    if matches == 0:
        return 0.0, 1.0
    share, square = points / matches, Z95**2
    middle = (share + square / (2 * matches)) / (1 + square / matches)
    half = Z95 * math.sqrt(share * (1 - share) / matches + square / (4 * matches**2)) / (1 + square / matches)
    return max(0.0, middle - half), min(1.0, middle + half)


def _outcomes(returns: Array, side: int) -> Array:
    """How often a side won, drew and lost, `int64[3]`."""
    if returns.shape[1] == 1:
        return np.zeros(3, dtype=np.int64)
    mine, best = returns[:, side], np.delete(returns, side, axis=1).max(axis=1)
    return np.array([(mine > best).sum(), (mine == best).sum(), (mine < best).sum()])
