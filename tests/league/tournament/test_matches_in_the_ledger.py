"""Matches in the ledger: counted once, and only for whoever holds the lease."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from league.ledger import BotRow, Ledger, MatchRow, TournamentLedger
from league.ledger import schema as tables
from league.ledger.tournament import ROSTER
from league.player import Player
from marl.errors import RunError, UserError

MATCH = MatchRow(
    "1.1.1", 1, ("ann", "bob"), (1, 2), 3, 2**64 - 1, (1.0, 0.0), (1.0, -1.0), ("win", "loss"), ("", "lost"), 7,
    "1.1.1.json.gz", "abc", started=1.0, finished=2.0,
)  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TournamentLedger]:
    opened = TournamentLedger.at(tmp_path)
    yield opened
    opened.close()


def test_a_match_comes_back_as_it_was_written(ledger: TournamentLedger) -> None:
    token = ledger.lease("1.1.1", "one", 60)
    assert token == 1
    assert ledger.finish(MATCH, token)
    assert ledger.matches() == [MATCH]
    assert ledger.match_count() == 1
    assert ledger.matches(after=1) == []


def test_a_pairing_has_one_holder_at_a_time_and_none_once_it_is_finished(ledger: TournamentLedger) -> None:
    token = ledger.lease("1.1.1", "one", 60)
    assert ledger.lease("1.1.1", "two", 60) is None
    assert ledger.lease("1.1.1", "one", 60) is None
    assert token is not None
    assert ledger.finish(MATCH, token)
    assert ledger.lease("1.1.1", "two", 60) is None
    assert ledger.lease("1.1.1", "two", 60, seize=True) is None


def test_the_late_result_of_a_zombie_is_refused(ledger: TournamentLedger) -> None:
    zombie = ledger.lease("1.1.1", "one", seconds=-1)
    taken = ledger.lease("1.1.1", "two", 60)
    assert (zombie, taken) == (1, 2)
    assert not ledger.finish(MATCH, 1)
    assert ledger.matches() == []
    later = replace(MATCH, scores=(0.5, 0.5))
    assert ledger.finish(later, 2)
    assert not ledger.finish(MATCH, 1)
    assert not ledger.finish(MATCH, 2)
    assert ledger.matches() == [later]


def test_a_heartbeat_keeps_the_owners_leases_and_nobody_elses(ledger: TournamentLedger) -> None:
    ledger.lease("1", "one", seconds=-1)
    ledger.lease("2", "two", seconds=-1)
    ledger.heartbeat("one", 60)
    assert ledger.lease("1", "three", 60) is None
    assert ledger.lease("2", "three", 60) == 2


def test_what_is_given_back_can_be_taken_and_a_heartbeat_does_not_bring_it_back(ledger: TournamentLedger) -> None:
    token = ledger.lease("1", "one", 60)
    assert token is not None
    ledger.release("1", token)
    ledger.heartbeat("one", 60)
    assert ledger.lease("1", "two", 60) == 2
    ledger.release("1", token)  # of yesterday
    assert ledger.lease("1", "three", 60) is None


def test_the_tables_themselves_refuse_a_second_result_of_a_pairing(ledger: TournamentLedger) -> None:
    token = ledger.lease("1.1.1", "one", 60)
    assert token is not None
    ledger.finish(MATCH, token)
    with sqlite3.connect(ledger.engine.url.database or "") as database:
        database.execute("update leases set expires = 99999999999")
    with pytest.raises(RunError, match=r"UNIQUE constraint failed: matches\.pairing"):
        ledger.finish(MATCH, token)
    assert ledger.matches() == [MATCH]


def test_matches_from_elsewhere_are_added_once(ledger: TournamentLedger) -> None:
    other = replace(MATCH, pairing="1.1.2")
    assert ledger.add_matches([MATCH]) == 1
    assert ledger.add_matches([MATCH, other]) == 1
    assert ledger.matches() == [MATCH, other]


def test_a_new_version_of_a_bot_takes_the_place_of_the_old_one(ledger: TournamentLedger) -> None:
    for name, content, version in (("ann", "1", 1), ("bob", "2", 1), ("ann", "3", 2)):
        ledger.add_bots([BotRow(name, "bot", "somebody", content, version=version)])
    assert [(bot.name, bot.version, bot.content, bot.id) for bot in ledger.bots()] == [
        ("ann", 2, "3", 3),
        ("bob", 1, "2", 2),
    ]
    assert len(ledger.every_bot()) == 3
    with pytest.raises(UserError, match="version 2 of ann was submitted by somebody else just now"):
        ledger.add_bots([BotRow("ann", "bot", "somebody", "4", version=2)])


def test_names_that_differ_in_case_are_one_name_and_several_are_added_together_or_not_at_all(
    ledger: TournamentLedger,
) -> None:
    ledger.add_bots([BotRow("X", "bot", "ann", "1")])
    with pytest.raises(UserError, match="version 1 of x was submitted by somebody else just now"):
        ledger.add_bots([BotRow("bob", "bot", "bob", "2"), BotRow("x", "bot", "bob", "3")])
    assert [bot.name for bot in ledger.every_bot()] == ["X"]


def test_who_comes_late_is_in_the_roster_in_the_transaction_that_adds_it(
    ledger: TournamentLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.decide(ROSTER, 0, {"bots": []}, 0.0)
    with monkeypatch.context() as broken:
        broken.setattr("league.ledger.tournament.decide", lambda *_: 1 / 0)  # as if it were killed there
        with pytest.raises(ZeroDivisionError):
            ledger.add_bots([BotRow("ann", "bot", "ann", "1")], joined=2)
    assert ledger.every_bot() == []
    for name in ("ann", "bob"):
        ledger.add_bots([BotRow(name, "bot", name, "1")], joined=2)
    late = [data for number, (data, _) in ledger.decisions(ROSTER).items() if number]
    assert late == [{"bots": [1], "joined": 2}, {"bots": [2], "joined": 2}]


def test_the_digest_does_not_depend_on_the_order_in_which_matches_finished(tmp_path: Path) -> None:
    digests = []
    for name, order, score in (("a", (1, 2), 1.0), ("b", (2, 1), 1.0), ("c", (1, 2), 0.5)):
        (tmp_path / name).mkdir()
        book = TournamentLedger.at(tmp_path / name)
        for number in order:
            book.lease(str(number), name, 60)
            scores = (score, 1 - score)
            book.finish(replace(MATCH, pairing=str(number), scores=scores, finished=float(order[0])), 1)
        digests.append(book.digest())
        book.close()
    assert digests[0] == digests[1] != digests[2]


def test_a_ledger_of_version_1_is_migrated_with_everything_in_it(tmp_path: Path) -> None:
    old = Ledger.at(tmp_path)
    old.add_player(Player("player_0/0", (0,), "abc", 0))
    old.close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        for table in ("bots", "matches", "leases"):
            database.execute(f"drop table {table}")
        database.execute("update schema_version set version = 1")
    migrated = TournamentLedger.at(tmp_path)
    assert [player.name for _, player in migrated.players()] == ["player_0/0"]
    assert migrated.lease("1.1.1", "one", 60) == 1
    assert migrated.finish(MATCH, 1)
    migrated.close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        assert database.execute("select version from schema_version").fetchall() == [(tables.VERSION,)]
