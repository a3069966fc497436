"""Playing a schedule to its end, with whatever results a test wants."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from league.schedules import Pairing, Result, Schedule, shares

Outcome = Callable[[Pairing], Sequence[float] | None]


def play(schedule: Schedule, outcome: Outcome, luck: random.Random | None = None) -> list[Result]:
    """All results, in the order in which they came; with `luck`, some of the pairings that are due come first.

    `outcome` gives each side's return (more is better), or None for a void match.
    """
    results: list[Result] = []
    while (due := schedule.next(results)) is not None:
        assert due, "a schedule that is not over asks for something"
        assert len({pairing.id for pairing in due}) == len(due)
        if luck:
            due = luck.sample(due, luck.randint(1, len(due)))
        for pairing in due:
            returns = outcome(pairing)
            scores = (0.0,) * len(pairing.players) if returns is None else shares(list(returns))
            results.append(Result(pairing.id, pairing.players, scores, returns is None, pairing.round))
        assert len(results) < 20_000
    return results


@pytest.fixture
def play_out():
    return play


@pytest.fixture
def better_wins():
    """The player with the smaller number wins: `p0` before `p1`, and so on."""
    return lambda pairing: [-int(player[1:]) for player in pairing.players]


@pytest.fixture
def at_random():
    """A maker of outcomes: wins, draws and void matches by chance."""

    def maker(seed: int, void: float = 0.05) -> Outcome:
        luck = random.Random(seed)

        def outcome(pairing: Pairing) -> Sequence[float] | None:
            return None if luck.random() < void else [luck.randint(0, 2) for _ in pairing.players]

        return outcome

    return maker


@pytest.fixture
def field():
    return lambda n: [f"p{i}" for i in range(n)]
