"""Round robin: everyone meets everyone.

Two sides: the circle method (Kirkman 1847), everybody once a round. More sides: every combination of players; or, where
these are too many, a cyclic design: base blocks are shifted round the circle of players, so that everyone has equally
many meetings, and blocks are chosen so that the numbers of times that two players meet differ little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from league.schedules.field import checked
from league.schedules.listed import Listed, pairings_of
from league.schedules.tiebreaks import TieBreak
from marl.errors import UserError
from marl.registry.ranges import at_least
from marl.types import Ints


@dataclass
class Params:
    """How often everyone meets."""

    games: int = 0
    """Games of a meeting; 0: one for each side, so that everyone has every seat once, with the same chance seed."""
    cycles: int = 1
    """How often everyone meets everyone."""
    meetings: int = 0
    """More than two sides: meetings per player in a cycle, a multiple of the number of sides; 0: all combinations."""
    tiebreaks: list[TieBreak] = field(default_factory=list)
    """What separates equal points, in this order: head_to_head, sonneborn_berger, wins, buchholz, buchholz_cut."""

    def __post_init__(self) -> None:
        at_least(self, 1, "cycles")
        at_least(self, 0, "games", "meetings")


class RoundRobin(Listed):
    """Every meeting can be played at any time."""

    def __init__(self, players: Sequence[str], params: Params | None = None, *, sides: int = 2, seed: int = 0) -> None:
        params = params or Params()
        everyone = checked(players, sides)
        if sides == 2:
            one_cycle = circle(everyone)
        elif not params.meetings:
            one_cycle = apart(combinations(everyone, sides))
        elif params.meetings % sides:
            raise UserError(f"meetings: {params.meetings} is no multiple of the game's {sides} sides; try {sides}")
        else:
            one_cycle = apart(cyclic(everyone, sides, params.meetings // sides))
        super().__init__(everyone, pairings_of(one_cycle * params.cycles, params.games or sides), params.tiebreaks)


def circle(players: Sequence[str]) -> list[list[tuple[str, ...]]]:
    """Rounds of a single round robin: the first player stays and the others go round. An odd one out rests."""
    seats: list[str | None] = [*players, None] if len(players) % 2 else list(players)
    rounds = []
    for _ in range(len(seats) - 1):
        pairs = zip(seats, reversed(seats), strict=True)
        met = [(one, two) for one, two in list(pairs)[: len(seats) // 2] if one is not None and two is not None]
        rounds.append([*met])
        seats = [seats[0], seats[-1], *seats[1:-1]]
    return [list(meetings) for meetings in rounds]


def apart(meetings: Sequence[tuple[str, ...]] | combinations[tuple[str, ...]]) -> list[list[tuple[str, ...]]]:
    """Meetings in rounds, each in the first round where none of its players has another."""
    rounds: list[list[tuple[str, ...]]] = []
    busy: list[set[str]] = []
    first: dict[str, int] = {}  # the earliest round in which a player may be free
    for meeting in meetings:
        number = max(first.get(player, 0) for player in meeting)
        while number < len(rounds) and not busy[number].isdisjoint(meeting):
            number += 1
        if number == len(rounds):
            rounds.append([])
            busy.append(set())
        rounds[number].append(meeting)
        busy[number].update(meeting)
        for player in meeting:
            while first.get(player, 0) < len(rounds) and player in busy[first.get(player, 0)]:
                first[player] = first.get(player, 0) + 1
    return rounds


def cyclic(players: Sequence[str], sides: int, blocks: int) -> list[tuple[str, ...]]:
    """`blocks * n` meetings: everyone sits `blocks` times in every seat; pairs meet as evenly as a greedy choice finds.

    A block is a set of places on the circle of `n` players; how often two players at distance `d` meet depends only on
    how often `d` is a difference of places in a block. Blocks are searched at random (a fixed seed), 2,000 for each.
    """
    n = len(players)
    rng = np.random.default_rng([n, sides])
    met = np.zeros(n, dtype=np.int64)  # [distance]
    found = []
    for _ in range(blocks):
        tried = np.argsort(rng.random((2000, n)), axis=1)[:, :sides]
        spread = np.stack([met + differences(block, n) for block in tried])[:, 1:]
        best = tried[int((spread.astype(float) ** 2).sum(axis=1).argmin())]
        met = met + differences(best, n)
        found += [tuple(players[(place + shift) % n] for place in best.tolist()) for shift in range(n)]
    return found


def differences(block: Ints, n: int) -> Ints:
    """How often each distance `0..n-1` lies between two places of a block, in either direction: `int[n]`."""
    return np.bincount(((block[:, None] - block[None, :]) % n).ravel(), minlength=n)
