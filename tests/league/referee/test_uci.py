"""A chess engine that speaks UCI, at a table of OpenSpiel's chess."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from league.referee import Clocks, Verdict
from league.referee.bot import player, read_bot
from league.referee.live import Match
from marl.errors import UserError
from marl.registry import ENVIRONMENTS, load_registry

ENGINE = """
import random, sys, chess

board, rng = chess.Board(), random.Random(1)
for line in sys.stdin:
    words = line.split()
    if words[0] == "uci":
        print("option name Skill Level type spin default 20\\noption name Clear Hash type button\\nuciok")
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
    if "openspiel/chess" not in {found.full_name for found in registry.all(ENVIRONMENTS)}:
        pytest.skip("needs the plugin openspiel")
    return registry.make(ENVIRONMENTS, "openspiel/chess", lanes=1)


@pytest.fixture
def engine(tmp_path, sandbox):
    def make(answer=RANDOM, options="", **settings):
        folder = tmp_path / f"engine-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "engine.py").write_text(ENGINE.replace("ANSWER", answer))
        text = f"name: tiny\ncommand: [{sys.executable}, engine.py]\ngames: ['*']\nprotocol: uci\n{options}"
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


def sent(record, side=1):
    return [text for _, who, way, text in record.transcript.lines() if (who, way) == (side, ">") and text != "quit"]


@pytest.mark.parametrize(
    ("clocks", "said"),
    [
        (Clocks(move=2), "movetime 1800"),
        (Clocks(move=0.15), "movetime 100"),
        (Clocks(move=0.04), "movetime 20"),
        (Clocks(move=60), "movetime 59750"),
        (Clocks(move=0, bank=60, increment=1), "wtime 59750 btime 59750 winc 1000 binc 1000"),
        (Clocks(move=0.5, increment=0.1), "wtime 450 btime 450 winc 600 binc 600"),  # its bank will not stay empty
    ],
)
def test_the_clock_is_told_with_a_margin(clocks, said, engine, match, honest, chess):
    record = match([honest(chess), engine("sys.exit(1)")], clocks=clocks)
    assert sent(record)[-1] == f"position startpos\ngo {said}"


def test_the_opponents_clock_is_told_too(engine, match):
    thinks = f"import time; time.sleep(0.3); {RANDOM}"
    record = match([engine("sys.exit(1)"), engine(thinks)], clocks=Clocks(move=0, bank=60))
    black = sent(record, side=0)[-1].split()
    assert int(black[black.index("btime") + 1]) == 59750
    assert int(black[black.index("wtime") + 1]) <= 59450


def test_options_are_set_before_the_game(engine, match, honest, chess):
    player = engine("sys.exit(1)", options="options: {skill level: 3, Clear Hash: null}\n")
    record = match([honest(chess), player])
    assert sent(record)[:2] == [
        "uci", "setoption name skill level value 3\nsetoption name Clear Hash\nucinewgame\nisready"
    ]  # fmt: skip


def test_an_option_that_the_engine_does_not_have(engine, match, honest, chess):
    record = match([honest(chess), engine(options="options: {Skil Level: 3}\n")])
    assert record.verdicts == (Verdict.WIN, Verdict.NO_START)
    assert record.reasons[1] == "the engine has no option 'Skil Level'; did you mean 'Skill Level'?"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("protocol: json\noptions: {Hash: 1}", "options are set in UCI engines"),
        ('protocol: uci\noptions: {"Hash\\nquit": 1}', "is not a name and a value in one line"),
        ('protocol: uci\noptions: {Hash: "1\\nquit"}', "is not a name and a value in one line"),
        ("protocol: uci\noptions: {Hash: [1]}", "Hash"),
    ],
)
def test_options_that_cannot_be_sent_are_refused(text, sentence, tmp_path):
    (tmp_path / "bot.yaml").write_text(f"name: x\ncommand: [x]\ngames: ['*']\n{text}\n")
    with pytest.raises(UserError, match=sentence):
        read_bot(tmp_path, load_registry())


def test_stockfish_plays_with_options_and_increments(match, honest, chess, tmp_path, sandbox):
    path = shutil.which("stockfish", path=f"{os.environ['PATH']}:/usr/games")
    if path is None:
        pytest.skip("needs stockfish (apt-get install stockfish)")
    text = f"name: sf\ncommand: [{path}]\ngames: ['*']\nprotocol: uci\noptions: {{Slow Mover: 10, Hash: 1}}\n"
    (tmp_path / "bot.yaml").write_text(text)
    fish = player(tmp_path, load_registry(), sandbox)
    record = match([honest(chess), fish], clocks=Clocks(start=60, move=0, bank=60, increment=0.01))
    assert record.verdicts == (Verdict.LOSS, Verdict.WIN), record.reasons
    assert not any(record.reasons)


def test_other_games_are_refused(engine, referee, honest):
    pytest.importorskip("pyspiel", reason="needs OpenSpiel, as UCI engines do")
    (record,) = referee(name="core/kuhn").play([Match("m", [engine(), honest()], 1)])
    assert record.void and "UCI engines play openspiel/chess, not core/kuhn" in record.host_error.text
