"""Who sits where: everyone equally often in every seat, within one.

Meetings are hyperedges and seats their colours; a colouring in which every player has every colour equally often,
within one, always exists (de Werra, "Equitable colorations of graphs", 1971). For two seats at a time the meetings are
edges between players, and directing them along Euler tours balances both seats; repeated for each two seats until
nothing is left to balance, which ends because the sum of squared counts falls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

from league.pairing import Pairing

P = TypeVar("P", bound=Hashable)


def seatings(players: Sequence[P], games: int) -> list[tuple[int, tuple[P, ...]]]:
    """The games of one meeting: `(k, seats)`, where games of the same `k` share a seed and rotate the seats."""
    sides = len(players)
    turns = [(*players[turn:], *players[:turn]) for turn in range(sides)]
    return [(game // sides, turns[game % sides]) for game in range(games)]


def fairest(players: Sequence[P], games: int, seats: Mapping[P, Sequence[int]], tie: int) -> tuple[P, ...]:
    """The rotation of `players` to begin a meeting with, given how often each sat in each seat before.

    Only the last `games % sides` games matter: the others give everyone every seat. `tie` chooses among equals.
    """
    sides = len(players)
    turns = [(*players[turn % sides :], *players[: turn % sides]) for turn in range(tie, tie + sides)]
    extra = games % sides

    def load(order: tuple[P, ...]) -> int:
        last = seatings(order, sides)[:extra]
        return sum(seats[player][seat] for _, turn in last for seat, player in enumerate(turn))

    return min(turns, key=load)


def round_of(
    meetings: Sequence[tuple[str, ...]],
    number: int,
    games: int,
    seats: Mapping[str, Sequence[int]],
    seed: int,
    width: int,
) -> list[Pairing]:
    """The games of a round (numbered from 0) whose meetings were just drawn; `seats` is as in `fairest`.

    Seeds are numbered with room for `width` meetings a round, which has to stay the same through an event.
    """
    pairings: list[Pairing] = []
    for table, meeting in enumerate(meetings):
        begin = fairest(meeting, games, seats, (seed + number + table) % len(meeting))
        seeds = (number * width + table) * -(-games // len(meeting))
        pairings += [
            Pairing(f"{number + 1}.{table + 1}.{game}", seated, seeds + block, number + 1)
            for game, (block, seated) in enumerate(seatings(begin, games), 1)
        ]
    return pairings


def balanced(meetings: Sequence[tuple[P, ...]]) -> list[tuple[P, ...]]:
    """The same meetings with everyone in every seat equally often, within one, over all of them. Deterministic."""
    seated = [list(meeting) for meeting in meetings]
    sides = len(seated[0]) if seated else 0
    uneven = True
    while uneven:
        uneven = False
        for one, two in combinations(range(sides), 2):
            if _difference(seated, one, two) > 1:
                uneven = True
                _direct(seated, one, two)
    return [tuple(meeting) for meeting in seated]


def _difference(seated: list[list[P]], one: int, two: int) -> int:
    count: defaultdict[P, int] = defaultdict(int)
    for meeting in seated:
        count[meeting[one]] += 1
        count[meeting[two]] -= 1
    return max(map(abs, count.values()), default=0)


def _direct(seated: list[list[P]], one: int, two: int) -> None:
    """Direct the edges between seats `one` and `two` along trails, so that out and in differ by one at most.

    First one trail from each player with an odd number of edges left, which ends at another such player; then every
    number is even and all trails are closed.
    """
    edges: dict[P, list[tuple[int, P]]] = {}
    for index, meeting in enumerate(seated):
        edges.setdefault(meeting[one], []).append((index, meeting[two]))
        edges.setdefault(meeting[two], []).append((index, meeting[one]))
    left = {player: len(found) for player, found in edges.items()}
    done: set[int] = set()

    def trail(here: P) -> None:
        while left[here]:
            index, there = edges[here].pop()
            if index not in done:
                done.add(index)
                seated[index][one], seated[index][two] = here, there
                left[here] -= 1
                left[there] -= 1
                here = there

    for player in edges:
        if left[player] % 2:
            trail(player)
    for player in edges:
        while left[player]:
            trail(player)
