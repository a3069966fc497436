"""The rounds: who met whom, how it ended, and who had a bye."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from league.ledger import MatchRow
from league.tournament.standings import Standings
from marl.page.figure import section
from marl.page.text import escape, exact

MOST = 200
"""Rounds that are shown; the newest where there are more."""
LEAD = "The points of each meeting's games together, as far as they were played."
Points: TypeAlias = dict[str, float]  # of each player of a meeting


def rounds_section(standings: Standings) -> str:
    """The section of the page; "" where rounds say nothing that the bracket or the list of matches does not."""
    drawn = {tie.id for tie in standings.bracket}
    rounds = meetings(match for match in standings.matches if meeting_of(match) not in drawn)
    several = any(len(met) > 1 for met in rounds.values())
    if not (several or standings.byes):
        return ""
    numbers = sorted({*rounds, *standings.byes}, reverse=True)[:MOST]
    parts = "".join(
        round_of(number, list(rounds.get(number, {}).values()), standings.byes.get(number, ()), number == numbers[0])
        for number in numbers
    )
    return section("rounds", "Rounds", f'<div class="rounds">{parts}</div>', LEAD)


def meetings(matches: Iterable[MatchRow]) -> dict[int, dict[str, Points]]:
    """By round and meeting, the points of all its games."""
    found: dict[int, dict[str, Points]] = {}
    for match in sorted(matches, key=lambda each: _natural(each.pairing)):
        if not match.void:
            met = found.setdefault(match.round, {}).setdefault(meeting_of(match), {})
            for player, score in zip(match.players, match.scores, strict=True):
                met[player] = met.get(player, 0.0) + score
    return found


def meeting_of(match: MatchRow) -> str:
    """What the names of a meeting's matches have in common."""
    return match.pairing.rpartition(".")[0]


def round_of(number: int, met: list[Points], byes: Iterable[str], is_open: bool) -> str:
    """One round."""
    lines = "".join(f"<li>{meeting(points)}</li>" for points in met)
    lines += "".join(f'<li><span class="one">{escape(player)}</span><b>bye</b></li>' for player in byes)
    count = f"{len(met)} meeting{'s' if len(met) != 1 else ''}"
    return (
        f"<details{' open' if is_open else ''}><summary>Round {number}<span>{count}</span></summary>"
        f"<ul>{lines}</ul></details>"
    )


def meeting(points: Points) -> str:
    """One meeting."""
    if len(points) != 2:
        ranked = sorted(points.items(), key=lambda entry: -entry[1])
        return ", ".join(f"{escape(player)} <b>{exact(score)}</b>" for player, score in ranked)
    (one, mine), (two, theirs) = points.items()
    return (
        f'<span class="one{" won" if mine > theirs else ""}">{escape(one)}</span>'
        f"<b>{exact(mine)} : {exact(theirs)}</b>"
        f'<span class="two{" won" if theirs > mine else ""}">{escape(two)}</span>'
    )


def _natural(pairing: str) -> list[tuple[int, str]]:
    """The order in which people count: 2.1.1 before 10.1.1."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in pairing.split(".")]
