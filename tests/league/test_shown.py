"""Tables of a league at the widths that terminals have: nothing is cut in the middle, and what is left out is said."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from league.payoffs import Payoffs
from league.player import Player
from league.shown import cell, payoff_table, players_table
from league.view import LeagueView


def league(players: int, *, sampled: bool) -> LeagueView:
    members = [
        Player(f"player_{side}/{n}", (side,), f"{side}{n:02}" * 12, n, "main" if n else "founder",
               tuple(f"player_{1 - side}/{k}" for k in range(n - 1, -1, -1)))
        for side in range(2) for n in range(players)
    ]  # fmt: skip
    means = np.random.default_rng(0).uniform(-2, 2, size=(players, players))
    count = np.full(means.shape, 100.0 if sampled else np.inf)
    payoffs = Payoffs(np.stack([means, -means]), count, np.full((2, *means.shape), 900.0), (np.arange(players),) * 2)
    return LeagueView("run", "env", ("player_0", "player_1"), tuple(members), (), payoffs)


def printed(table: object, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize(("players", "width"), [(13, 80), (13, 160), (3, 80), (200, 80), (13, 40)])
def test_payoffs_are_whole_at_any_width(players: int, width: int, sampled: bool) -> None:
    view = league(players, sampled=sampled)
    head, table, note = payoff_table(view, 10, width)
    lines = printed(table, width)
    assert max(map(len, lines)) <= width
    assert not any("…" in line for line in lines)
    columns = lines[0].split()
    assert columns[-1] == f"/{players - 1}"
    assert len(columns) == 10 or len(columns) == players or f"{len(columns)} of {players} columns fit" in note
    mean, margin = view.payoffs[0][-1, -1], view.payoffs.margin[0, -1, -1]
    assert lines[-1].split()[0] == f"player_0/{players - 1}"
    assert lines[-1].split()[-1] == (f"{mean:+.2f}±{margin:.2f}" if sampled else f"{mean:+.3f}")
    assert ("95 % interval" in head) == sampled


def test_at_80_columns_eight_exact_columns_fit() -> None:
    _, table, note = payoff_table(league(13, sampled=False), 10, 80)
    assert len(printed(table, 80)[0].split()) == 8
    assert note == "the newest 10 of 13 rows, 8 of 13 columns fit; all are in --json"


def test_cells_say_what_was_not_played_and_what_is_unknown() -> None:
    assert [cell(np.nan, np.inf), cell(0.5, np.inf), cell(0.5, 0.0), cell(-0.5, 0.25)] == [
        "–", "+0.50±?", "+0.500", "-0.50±0.25"
    ]  # fmt: skip


def test_the_table_of_players_is_whole_at_80_columns() -> None:
    view = league(13, sampled=False)
    table, note = players_table(view.players, 80)
    lines = printed(table, 80)
    assert note == ""
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    assert sum(player.snapshot[:12] in line for player in view.players for line in lines) == 26


def test_who_was_met_is_left_out_where_it_does_not_fit() -> None:
    """Learners with names of their own, and parents, need the room."""
    long = [
        Player(f"player_{n % 2}/{n // 2}", (n % 2,), f"{n:012}", n, "main_exploiter", (f"player_{1 - n % 2}/0",), None,
               f"main_exploiter_{n % 2}", f"player_{n % 2}/{n // 2}")
        for n in range(8)
    ]  # fmt: skip
    table, note = players_table(tuple(long), 80)
    lines = printed(table, 80)
    assert len(lines) == 9 and not any("…" in line for line in lines)
    assert note == "not all columns fit; --json has everything"
    wide, note = players_table(tuple(long), 120)
    assert note == "" and "player_1/0" in printed(wide, 120)[1]
