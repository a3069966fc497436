"""Export, import, PGN, verification."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from league.ledger import MatchRow
from league.tournament.event import Event, open_event
from league.tournament.exchange import export_lines, import_lines
from league.tournament.operate import Options, operate
from league.tournament.pgn import export_pgn
from league.tournament.progress import Display
from league.tournament.standings import view
from league.tournament.verify import problems
from marl.errors import UserError
from marl.registry import load_registry

PLAYERS = ("marl/random", "marl/first", "ann=marl/random")


def play(event: Event) -> Event:
    operate(event, Options(2, trust=True), Display(Console(quiet=True)))
    return event


def test_an_exported_event_is_the_same_elsewhere(event: Callable[..., Event], tmp_path: Path) -> None:
    made = play(event(*PLAYERS))
    lines = list(export_lines(made))
    assert [json.loads(line)["event"] for line in lines] == ["tournament"] + ["bot"] * 3 + ["match"] * 6
    there = import_lines(lines, tmp_path / "there", load_registry())
    assert there.ledger.matches() == made.ledger.matches()
    here, copy = view(made), view(there)
    assert [(x.rank, x.player, x.points, x.rating) for x in copy.lines] == [
        (x.rank, x.player, x.points, x.rating) for x in here.lines
    ]
    assert list(problems(there)) == []
    assert list(export_lines(there))[1:] != []
    there.close()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lines: lines[1:], "line 1 is not the head of a tournament"),
        (lambda lines: [], "line 1 is not the head"),
        (lambda lines: [lines[0], "{"], "line 2 is not JSON"),
        (lambda lines: [lines[0], "[]"], "line 2 is not a JSON object"),
        (lambda lines: [lines[0], '{"event": "bot", "name": "x"}'], "line 2 lacks kind, author, content"),
        (lambda lines: [lines[0], '{"event": "song"}'], "line 2 is neither a bot nor a match"),
    ],
)
def test_what_is_no_export_is_refused(
    event: Callable[..., Event], tmp_path: Path, change: Callable[[list[str]], list[str]], sentence: str
) -> None:
    lines = change(list(export_lines(event(*PLAYERS))))
    with pytest.raises(UserError, match=sentence):
        import_lines(lines, tmp_path / "there", load_registry())
    assert not (tmp_path / "there" / "scenario.yaml").exists()


def test_an_unfinished_event_cannot_be_verified_nor_tells_its_secret(event: Callable[..., Event]) -> None:
    made = event(*PLAYERS)
    made.begin()
    with pytest.raises(UserError, match="is not over"):
        list(problems(made))
    secret = (made.path / "secret").read_text().strip()
    assert secret not in "\n".join(export_lines(made))
    assert secret.encode() not in (made.path / "ledger.db").read_bytes()


def test_verification_finds_what_was_tampered_with(event: Callable[..., Event]) -> None:
    made = play(event(*PLAYERS))
    assert list(problems(made)) == []
    (made.path / "replays" / "1.1.1.replay").write_bytes(b"nonsense")
    with sqlite3.connect(made.path / "ledger.db") as database:
        database.execute("update matches set seed = '5' where pairing = '1.1.2'")
    found = list(problems(made))
    assert "the replay of match 1.1.1 is missing, or was changed after the match" in found
    assert "match 1.1.2 was not played with the seed that follows from the secret" in found
    (made.path / "commitment").write_text("0" * 64)
    assert list(problems(made)) == ["this secret is not the one that the host committed to: its SHA-256 differs"]


def test_chess_is_exported_as_pgn_that_chess_programs_read(chess_club: Callable[..., Event]) -> None:
    made = play(chess_club("marl/random", "ann=marl/random"))
    for game, match in games_and_matches(made):
        assert game.headers["Event"] == "chess club"
        assert game.end().ply() == match.plies
        if game.end().board().is_checkmate():
            assert game.headers["Result"] == game.end().board().result()


def test_white_is_who_moves_first(chess_club: Callable[..., Event], bot: Callable[..., Path]) -> None:
    pyspiel = pytest.importorskip("pyspiel")
    state, ids = pyspiel.load_game("chess").new_initial_state(), []
    for move in ("f3", "e5", "g4", "Qh4#"):  # fool's mate: whoever has the white pieces loses
        ids.append(state.string_to_action(move))
        state.apply_action(ids[-1])
    line = f"action = ({ids[1::2]} if message['agent'] == 0 else {ids[::2]})[count - 1]"  # player 0 has Black
    made = play(chess_club(str(bot("ann", line, "[openspiel/chess]")), str(bot("bob", line, "[openspiel/chess]"))))
    whites = []
    for game, match in games_and_matches(made):
        assert game.headers["Result"] == game.end().board().result() == "0-1"
        assert match.scores[match.players.index(game.headers["White"])] == 0.0
        assert match.scores[match.players.index(game.headers["Black"])] == 1.0
        whites.append(game.headers["White"])
    assert sorted(whites) == ["ann", "bob"]


def games_and_matches(event: Event) -> list[tuple[Any, MatchRow]]:
    """Every match with the game that python-chess reads from the export."""
    chess = pytest.importorskip("chess.pgn", reason="needs python-chess")
    text = io.StringIO("\n".join(export_pgn(event)))
    matches = event.ledger.matches()
    games = [chess.read_game(text) for _ in matches]
    assert chess.read_game(text) is None
    assert all(game.errors == [] for game in games)
    return list(zip(games, matches, strict=True))


def test_games_without_named_moves_have_no_pgn(event: Callable[..., Event]) -> None:
    with pytest.raises(UserError, match=r"classic/tic_tac_toe has no PGN.*export JSON lines instead"):
        list(export_pgn(event()))


def test_an_imported_event_that_was_not_over_cannot_go_on_without_its_secret(
    event: Callable[..., Event], tmp_path: Path
) -> None:
    made = event(*PLAYERS)
    made.begin()
    import_lines(export_lines(made), tmp_path / "there", load_registry()).close()
    there = open_event(tmp_path / "there", load_registry())
    with pytest.raises(UserError, match="secret is missing"):
        play(there)
    there.close()


@pytest.mark.parametrize(
    ("kind", "key", "value", "sentence"),
    [
        ("bot", "name", "a\x1b[31m", r"the name 'a\\x1b\[31m' will not do"),
        ("bot", "folder", "../elsewhere", r"line 2: folder is '../elsewhere', which is not the name of a file"),
        ("bot", "version", "1", r"line 2: version is '1', which is no int"),
        ("match", "replay", "../../secret", r"line 5: replay is '../../secret', which is not the name of a file"),
        ("match", "players", ["a/b", "c"], r"the name 'a/b' will not do"),
        ("match", "bots", [77, 78], r"names the bot number 77, which no line brings"),
        ("match", "replay_file", "%", r"line 5: its replay_file is not base64"),
        ("match", "plies", None, r"line 5: plies is None, which is no int"),
    ],
)
def test_what_a_strangers_export_may_not_hold(
    event: Callable[..., Event], tmp_path: Path, kind: str, key: str, value: Any, sentence: str
) -> None:
    made = event(*PLAYERS)
    play(made)
    entries = [json.loads(line) for line in export_lines(made)]
    first = next(entry for entry in entries if entry["event"] == kind)
    first[key] = value
    with pytest.raises(UserError, match=sentence):
        import_lines(map(json.dumps, entries), tmp_path / "there", load_registry())
    assert not (tmp_path / "there").exists()
