"""A chess engine that speaks UCI, at a table of OpenSpiel's chess."""

from __future__ import annotations

import sys

import pytest

from league.referee import Clocks, Verdict
from league.referee.bot import player
from league.referee.live import Match
from marl.registry import load_registry

ENGINE = """
import random, sys, chess

board, rng = chess.Board(), random.Random(1)
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
        print("info depth 1 score cp 0")
        ANSWER
    elif words[0] == "quit":
        break
    sys.stdout.flush()
"""
RANDOM = 'print("bestmove", rng.choice(list(board.legal_moves)).uci(), "ponder e7e5")'


@pytest.fixture
def chess():
    pytest.importorskip("chess")
    registry = load_registry()
    if "openspiel/chess" not in {found.full_name for found in registry.all("environments")}:
        pytest.skip("needs the plugin openspiel")
    return registry.make("environments", "openspiel/chess", lanes=1)


@pytest.fixture
def engine(tmp_path, sandbox):
    def make(answer=RANDOM, **settings):
        folder = tmp_path / f"engine-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "engine.py").write_text(ENGINE.replace("ANSWER", answer))
        text = f"name: tiny\ncommand: [{sys.executable}, engine.py]\ngames: ['*']\nprotocol: uci\n"
        (folder / "bot.yaml").write_text(text)
        return player(folder, load_registry(), sandbox, **settings)

    return make


@pytest.fixture
def match(referee, chess):
    def play(players, seed=1, **settings):
        (record,) = referee(chess, name="openspiel/chess", **settings).play([Match("m", players, seed)])
        return record

    return play


def test_two_engines_play_a_whole_game(engine, match, chess):
    """Every move that OpenSpiel and the engine's own rules know, castling and promotions among them, is understood."""
    record = match([engine(), engine()])
    assert not any(record.reasons) and record.ticks > 40
    assert {*record.verdicts} <= {Verdict.WIN, Verdict.LOSS, Verdict.DRAW}
    assert list(record.replay.play(chess))[-1]
    last = [text for *_, way, text in record.transcript.lines() if way == ">" and "position" in text][-1]
    assert last.startswith("position startpos moves ")


def test_an_engine_meets_a_policy(engine, match, honest, chess):
    record = match([engine(), honest(chess, random=True)])
    assert not any(record.reasons)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ('print("bestmove e2e5")', Verdict.ILLEGAL_MOVE),
        ('print("bestmove")', Verdict.PROTOCOL_ERROR),
        ("pass", Verdict.TIMEOUT),
        ("sys.exit(1)", Verdict.CRASH),
        ('print("x" * 10**6)', Verdict.FLOOD),
    ],
)
def test_faults_of_engines(answer, verdict, engine, match, honest, chess):
    record = match([honest(chess), engine(answer)], clocks=Clocks(move=0.5))  # white is OpenSpiel's player 1
    assert record.verdicts == (Verdict.WIN, verdict), record.reasons


def test_the_clock_is_told(engine, match, honest, chess):
    blitz = match([honest(chess), engine("sys.exit(1)")], clocks=Clocks(move=0, bank=60, increment=1))
    assert any("go wtime 60000 btime 60000 winc 1000 binc 1000" in text for *_, text in blitz.transcript.lines())
    fixed = match([honest(chess), engine("sys.exit(1)")], clocks=Clocks(move=2))
    assert any("go movetime 1800" in text for *_, text in fixed.transcript.lines())


def test_other_games_are_refused(engine, referee, honest):
    pytest.importorskip("pyspiel", reason="needs OpenSpiel, as UCI engines do")
    (record,) = referee(name="core/kuhn").play([Match("m", [engine(), honest()], 1)])
    assert record.void and "UCI engines play openspiel/chess, not core/kuhn" in record.host_error.text
