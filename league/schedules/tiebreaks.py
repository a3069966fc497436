"""Tie-breaks: what separates players of equal points, as the host chose, one after the other.

Definitions as in the FIDE handbook, C.07 (2024), for matches of any number of sides: every two sides of a match are
compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import Literal, TypeAlias

TieBreak: TypeAlias = Literal["buchholz", "buchholz_cut", "sonneborn_berger", "head_to_head", "wins"]
Scores: TypeAlias = Mapping[str, float]
"""A finished match: each player's score."""

NAMES: Mapping[TieBreak, str] = {
    "buchholz": "Buchholz",
    "buchholz_cut": "Buchholz cut 1",
    "sonneborn_berger": "Sonneborn-Berger",
    "head_to_head": "head to head",
    "wins": "wins",
}


def said(first: str, chosen: Sequence[TieBreak]) -> str:
    """What decides an order, for people: "points, then Buchholz"."""
    return ", then ".join([first, *(NAMES[tiebreak] for tiebreak in chosen)])


def separate(
    chosen: Sequence[TieBreak], points: Mapping[str, float], matches: Sequence[Scores], games: int
) -> dict[str, tuple[tuple[str, float], ...]]:
    """The chosen tie-breaks of each player, named, in order; `games` is how many matches a meeting has.

    Head to head counts the matches among those whom nothing before it has separated.
    """
    found: dict[str, tuple[tuple[str, float], ...]] = dict.fromkeys(points, ())
    for tiebreak in chosen:
        groups: dict[object, list[str]] = {}
        for player in points:
            groups.setdefault((points[player], found[player]), []).append(player)
        values: dict[str, float] = {}
        for group in groups.values():
            values |= _VALUES[tiebreak](group, points, matches, games)
        found = {player: (*found[player], (NAMES[tiebreak], round(values[player], 9))) for player in points}
    return found


def _opponents(matches: Iterable[Scores]) -> Iterable[tuple[str, str, float]]:
    """`(player, opponent, 1, 0.5 or 0)` for every two sides of every match, both ways."""
    for scores in matches:
        for one, two in combinations(scores, 2):
            won = (scores[one] > scores[two]) + 0.5 * (scores[one] == scores[two])
            yield one, two, won
            yield two, one, 1.0 - won


def _buchholz(
    group: Sequence[str], points: Mapping[str, float], matches: Sequence[Scores], games: int, cut: int = 0
) -> dict[str, float]:
    """The sum of the points of those whom one met, without the `cut` lowest."""
    met: dict[str, list[float]] = {player: [] for player in group}
    for one, two, _ in _opponents(matches):
        if one in met:
            met[one].append(points[two])
    return {player: sum(sorted(others)[cut * games :]) / games for player, others in met.items()}


def _sonneborn_berger(
    group: Sequence[str], points: Mapping[str, float], matches: Sequence[Scores], games: int
) -> dict[str, float]:
    """The points of those whom one beat, and half of the points of those whom one drew with."""
    found = dict.fromkeys(group, 0.0)
    for one, two, won in _opponents(matches):
        if one in found:
            found[one] += won * points[two] / games
    return found


def _head_to_head(
    group: Sequence[str], points: Mapping[str, float], matches: Sequence[Scores], games: int
) -> dict[str, float]:
    """What one scored against those whom nothing has separated from one so far."""
    found = dict.fromkeys(group, 0.0)
    for one, two, won in _opponents(matches):
        if one in found and two in found:
            found[one] += won
    return found


def _wins(group: Sequence[str], points: Mapping[str, float], matches: Sequence[Scores], games: int) -> dict[str, float]:
    """Matches that one won: a higher score than everybody else's."""
    found = dict.fromkeys(group, 0.0)
    for scores in matches:
        for player, mine in scores.items():
            if player in found and all(mine > other for who, other in scores.items() if who != player):
                found[player] += 1
    return found


_VALUES: Mapping[TieBreak, Callable[..., dict[str, float]]] = {
    "buchholz": _buchholz,
    "buchholz_cut": partial(_buchholz, cut=1),
    "sonneborn_berger": _sonneborn_berger,
    "head_to_head": _head_to_head,
    "wins": _wins,
}
