"""The picture of a chess position."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from marl_openspiel import chessboard, games


def test_every_piece_stands_on_its_square() -> None:
    board = ElementTree.fromstring(chessboard.svg("8/8/8/3k4/8/8/4P3/R6K w - - 0 1"))
    space = "{http://www.w3.org/2000/svg}"
    found = {
        (text.text, int(text.get("x", 0)) // 45, int(text.get("y", 0)) // 45) for text in board.iter(f"{space}text")
    }
    assert found == {("♚", 3, 3), ("♟", 4, 6), ("♜", 0, 7), ("♚", 7, 7)}
    white, black = (group for group in board.iter(f"{space}g") if group.get("fill"))
    assert (len(list(white)), len(list(black))) == (3, 1)


@pytest.mark.parametrize("text", ["", "moves: none yet", "8/8/8/8/8/8/8/9", "8/8/8/8/8/8/8/x7", "8/8"])
def test_what_is_no_position_has_no_picture(text: str) -> None:
    assert chessboard.svg(text) == ""


def test_chess_is_drawn_and_other_games_are_written() -> None:
    for game, pieces in (("chess", 32), ("tic_tac_toe", 0)):
        environment = getattr(games, game)(lanes=1)
        environment.reset(np.array([0]), np.zeros(1, np.uint64))
        assert environment.render(0).svg.count("<text") == pieces
