"""Measures of leagues in games that are not exact: diversity, cycles, the past, and yardsticks; known answers first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from league.diversity.cardinality import expected_cardinality as cardinality
from league.iteration import Iteration
from league.measures.cycles import Cycles, cycles
from league.measures.expected_cardinality import ExpectedCardinality
from league.payoffs import Payoffs
from league.player import Player
from league.view import LeagueView

ROCK = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
NOBODY: Any = None


def view(payoffs: Payoffs, value: float = 0.0) -> LeagueView:
    """A league with these payoffs, of one population or two."""
    names = ("player",) if payoffs.symmetric else ("row", "column")
    sides = [(0, 1)] if payoffs.symmetric else [(0,), (1,)]
    players = tuple(
        Player(f"{name}/{n}", own, f"{name}{n}", 0)
        for name, own, size in zip(names, sides, payoffs.sizes, strict=False)
        for n in range(size)
    )
    mixtures = tuple((1 / size,) * size for size in payoffs.sizes[: len(names)])
    last = Iteration(0, mixtures, {}, (value, -value)[: len(names)], 0.0)
    return LeagueView("test", "env", names if len(names) == 2 else ("player", "player"), players, (last,), payoffs)


def test_rock_paper_scissors_is_one_circle_and_one_and_a_half_players() -> None:
    rock = view(Payoffs.of([ROCK], symmetric=True))
    (found,) = cycles(rock)
    assert str(found) == "player/0 beats player/2 beats player/1 beats player/0" and found.strength == 1.0
    assert Cycles().measure(rock, NOBODY).value == 1.0
    assert cardinality(ROCK) == pytest.approx(1.5)  # L = M M^T has the eigenvalues 3, 3, 0
    given = ExpectedCardinality().measure(rock, NOBODY)
    assert given is not None and given.value == pytest.approx(1.5)


def test_where_everybody_beats_those_before_there_is_no_circle() -> None:
    ladder = np.sign(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    assert cycles(view(Payoffs.of([ladder], symmetric=True))) == []
    assert Cycles().measure(view(Payoffs.of([ladder], symmetric=True)), NOBODY).value == 0.0


def test_who_stands_beside_a_circle_is_not_in_it() -> None:
    table = np.zeros((4, 4))
    table[:3, :3], table[3, :3], table[:3, 3] = 0.5 * ROCK, 1.0, -1.0
    measured = Cycles().measure(view(Payoffs.of([table], symmetric=True)), NOBODY)
    assert measured.value == 0.75


def test_a_circle_that_luck_may_have_made_is_none() -> None:
    few = Payoffs(ROCK[None] * 0.1, np.full((3, 3), 20.0), np.full((1, 3, 3), 20.0), (np.arange(3),), True)
    many = Payoffs(ROCK[None] * 0.1, np.full((3, 3), 2e4), np.full((1, 3, 3), 2e4), (np.arange(3),), True)
    assert cycles(view(few)) == []
    (found,) = cycles(view(many))
    assert 0 < found.strength < 0.1


def test_between_two_sides_a_circle_is_of_four() -> None:
    pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    found = cycles(view(Payoffs.of([pennies + 0.25, -pennies - 0.25]), 0.25))
    assert [str(one) for one in found] == ["row/0 beats column/0 beats row/1 beats column/1 beats row/0"]
    assert found[0].strength == pytest.approx(1.0)


def test_copies_and_players_that_earn_alike_add_nothing_to_the_cardinality() -> None:
    assert cardinality(np.ones((5, 1))) == pytest.approx(5 / 6)  # one direction: 5 / (1 + 5)
    assert cardinality(np.eye(4) * 1e6) == pytest.approx(4.0)
    twice = Payoffs(np.zeros((1, 2, 2)), np.full((2, 2), np.inf), np.zeros((1, 2, 2)), (np.zeros(2, dtype=int),), True)
    measured = ExpectedCardinality().measure(view(twice), NOBODY)
    assert measured is not None and measured.value == 0.0


def test_pairings_that_nobody_played_are_left_out_of_the_cardinality() -> None:
    table = np.full((4, 4), np.nan)
    table[:3, :3] = ROCK
    measured = ExpectedCardinality().measure(view(Payoffs.of([table], symmetric=True)), NOBODY)
    assert measured is not None and measured.value == pytest.approx(1.5)


def test_the_past_and_yardsticks_are_played_with_an_interval(league: Any) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    manager = league(
        "env: classic/rock_paper_scissors\nstrategy: {name: league/psro, founder: marl/first}\nstop: {iterations: 1}\n"
        "measures: [{name: past, matches: 64}, {name: yardsticks, against: [marl/first, marl/random], matches: 300}]\n"
    )
    found = [iteration.measures for iteration in manager.run()]
    assert "past" not in found[0]  # nobody was there before
    past, fixed = found[1]["past"], found[1]["yardsticks"]
    assert past.value == 1.0 and past.low is not None and 0.9 < past.low < 1.0  # paper against rock
    first, luck = 1.0, 0.5
    assert fixed.low is not None and fixed.high is not None
    assert fixed.low <= (first + luck) / 2 <= fixed.high and fixed.high - fixed.low < 0.1
