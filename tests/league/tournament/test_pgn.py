"""Portable Game Notation: how a game ended, its time control, and what each move cost and was thought to be worth."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from league.referee.clocks import Clocks
from league.tournament.event import Event
from league.tournament.operate import Options, operate
from league.tournament.pgn import export_pgn, time_control
from league.tournament.progress import Display
from league.tournament.thoughts import Thought, thoughts

ENGINE = """
import sys, time, chess

board = chess.Board()
for line in sys.stdin:
    words = line.split()
    if words[0] == "uci":
        print("id name tiny\\nuciok")
    elif words[0] == "isready":
        print("readyok")
    elif words[0] == "position":
        board = chess.Board()
        for move in words[3:]:
            board.push_uci(move)
    elif words[0] == "go":
        if board.fullmove_number == SLOW:
            time.sleep(60)
        print("info depth 7 score cp 31 nodes 10")
        print("info depth 8 score cp 900 lowerbound")
        print("info depth 7 multipv 2 score cp -500")
        print("bestmove", min(move.uci() for move in board.legal_moves))
    sys.stdout.flush()
"""


@pytest.fixture
def engine(tmp_path: Path) -> Callable[..., str]:
    pytest.importorskip("chess", reason="needs python-chess")

    def make(name: str, slow: int = 0) -> str:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "engine.py").write_text(ENGINE.replace("SLOW", str(slow)))
        text = f"name: {name}\ncommand: [{sys.executable}, engine.py]\ngames: ['*']\nprotocol: uci\n"
        (folder / "bot.yaml").write_text(text)
        return str(folder)

    return make


def games(event: Event) -> list[Any]:
    chess = pytest.importorskip("chess.pgn", reason="needs python-chess")
    operate(event, Options(1, trust=True), Display(Console(quiet=True)))
    text = io.StringIO("\n".join(export_pgn(event)))
    read = [chess.read_game(text) for _ in event.ledger.matches()]
    assert all(game.errors == [] for game in read)
    return read


def test_times_and_judgements_stand_at_each_move(chess_club: Callable[..., Event], engine: Callable[..., str]) -> None:
    made = chess_club(
        engine("ann"), engine("bob", slow=4), overrides=("clocks.move=0", "clocks.bank=2", "clocks.increment=1")
    )
    for game in games(made):
        assert game.headers["TimeControl"] == "2+1"
        assert game.headers["Termination"] == "time forfeit"
        assert game.headers["Result"] == ("1-0" if game.headers["White"] == "ann" else "0-1")
        nodes = list(game.mainline())
        assert len(nodes) in (6, 7)
        for ply, node in enumerate(nodes):
            assert node.eval().white().score() == (31 if ply % 2 == 0 else -31)  # both think that they are better
            assert node.eval_depth() == 7
            assert node.emt() >= 0
            spent = sum(each.emt() for each in nodes[ply::-2])
            assert node.clock() == pytest.approx(2 + (ply // 2 + 1) - spent, abs=0.02)


def test_policies_have_neither(chess_club: Callable[..., Event]) -> None:
    for game in games(chess_club("marl/random", "ann=marl/random", overrides=("clocks.move=0.5",))):
        assert game.headers["TimeControl"] == "1/0.5"
        assert game.headers["Termination"] in ("normal", "adjudication")
        assert all(node.comment == "" for node in game.mainline())


def test_an_engine_against_a_policy_from_a_random_opening(
    chess_club: Callable[..., Event], engine: Callable[..., str]
) -> None:
    for game in games(chess_club(engine("ann", slow=9), "bob=marl/first", overrides=("opening=4",))):
        said = [node.emt() is not None for node in game.mainline()]
        first = 4 if game.headers["White"] == "ann" else 5
        assert said[:4] == [False] * 4
        assert all(said[first::2])
        assert not any(said[first + 1 :: 2])


@pytest.mark.parametrize(
    ("clocks", "tags"),
    [
        (Clocks(move=0, bank=180, increment=2), {"TimeControl": "180+2"}),
        (Clocks(move=0.15), {"TimeControl": "1/0.15"}),
        (Clocks(move=1, bank=60), {"TimeControl": "60", "Delay": "1"}),
        (Clocks(move=1, increment=0.5), {"TimeControl": "0+0.5", "Delay": "1"}),
    ],
)
def test_time_controls(clocks: Clocks, tags: dict[str, str]) -> None:
    assert time_control(clocks) == tags


def test_what_is_not_a_judgement_is_not_taken_for_one() -> None:
    lines = [
        (0.0, 0, ">", "uci"),
        (0.1, 0, "<", "info depth 3 score cp 12"),  # before it was asked
        (1.0, 0, ">", "position startpos"),
        (1.1, 0, "<", "info string score cp x"),
        (1.2, 1, "<", "bestmove e2e4"),  # out of turn
        (1.5, 0, "<", "bestmove e2e4"),
        (2.0, 0, ">", "position startpos"),
        (2.1, 0, "<", "info depth 30 score mate -3 pv e2e4"),
        (2.25, 0, "<", "bestmove e2e4"),
        (3.0, 1, ">", '{"type":"act","id":"x"}'),
        (3.5, 1, "<", '{"id": "x", "action": 1}'),
    ]
    assert thoughts(lines) == {0: [Thought(0.5), Thought(0.25, None, -3, 30)], 1: [Thought(0.5)]}
