"""The matrix games that have names: payoffs `[player][row][column]` as OpenSpiel's, and what the actions are called."""

from __future__ import annotations

from typing import Any, NamedTuple


class MatrixGame(NamedTuple):
    """Payoffs (a plain matrix is the row player's share of a zero-sum game) and the players' actions."""

    payoffs: list[Any]
    actions: tuple[str, ...]


_RPS = ("rock", "paper", "scissors")

GAMES = {
    "rock_paper_scissors": MatrixGame([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], _RPS),
    "biased_rock_paper_scissors": MatrixGame([[0, -25, 50], [25, 0, -5], [-50, 5, 0]], _RPS),
    "rock_paper_scissors_water": MatrixGame(
        [[0, -1, 1, 0], [1, 0, -1, 0], [-1, 1, 0, 0], [0, 0, 0, 0]], (*_RPS, "water")
    ),
    "matching_pennies": MatrixGame([[1, -1], [-1, 1]], ("heads", "tails")),
    "prisoners_dilemma": MatrixGame([[[5, 0], [10, 1]], [[5, 10], [0, 1]]], ("cooperate", "defect")),
    "stag_hunt": MatrixGame([[[2, 0], [1, 1]], [[2, 1], [0, 1]]], ("stag", "hare")),
    "chicken": MatrixGame([[[0, 4], [1, 3]], [[0, 1], [4, 3]]], ("dare", "chicken")),
    "coordination": MatrixGame([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], ("left", "right")),
    "bach_or_stravinsky": MatrixGame([[[3, 0], [0, 2]], [[2, 0], [0, 3]]], ("bach", "stravinsky")),
    "shapleys_game": MatrixGame([[[0, 0, 1], [1, 0, 0], [0, 1, 0]], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]], _RPS),
}
