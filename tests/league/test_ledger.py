"""The ledger: what is committed stays, and what is not a ledger is refused with a sentence."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from league import reader
from league.commands.looking import _facts
from league.ledger import Ledger
from league.ledger import schema as tables
from league.measures import About, Value
from league.measures.nash_conv import NashConv
from league.payoffs.row import EXACT, PayoffRow
from league.player import Player
from marl.errors import RunError, UserError


def test_what_was_written_is_read_by_another_process(tmp_path: Path) -> None:
    ledger = Ledger.at(tmp_path)
    player = Player("player_0/0", (0,), "abc", 0, "founder", ())
    assert ledger.add_player(player) == 1
    row = PayoffRow((1,), 0, EXACT, (0.1 + 0.2,), (0.0,))
    ledger.add_payoffs([row])
    third = Value(1 / 3, 0.25, None)
    about = About("A third", "Of one.", better="less")
    data = {"mixtures": [[1.0]], "values": [0.0], "measures": {"third": third.plain(), "none": None}}
    data["about"] = {"third": about.plain()}
    ledger.decide("mixtures", 0, data, 2.0)
    again = Ledger.at(tmp_path)
    assert again.players() == [(1, player)]
    assert again.payoffs() == [row]
    assert again.iterations()[0].measures == {"third": third}
    assert again.measured() == {"third": about}
    assert again.digest() == ledger.digest()


def test_the_digest_ignores_times_and_nothing_else(tmp_path: Path) -> None:
    digests = []
    for name, seconds, born in (("a", 1.0, 0), ("b", 2.0, 0), ("c", 1.0, 1)):
        (tmp_path / name).mkdir()
        ledger = Ledger.at(tmp_path / name)
        ledger.add_player(Player("p", (0,), "abc", born))
        ledger.decide("mixtures", 0, {}, seconds)
        digests.append(ledger.digest())
    assert digests[0] == digests[1] != digests[2]


def test_a_seed_range_is_never_counted_twice_and_a_failed_batch_leaves_nothing(tmp_path: Path) -> None:
    ledger = Ledger.at(tmp_path)
    row = PayoffRow((1, 2), 0, 10, (0.5, -0.5), (1.0, 1.0))
    ledger.add_payoffs([row])
    with pytest.raises(RunError, match="could not be written"):
        ledger.add_payoffs([PayoffRow((1, 3), 0, 10, (0.5, -0.5), (1.0, 1.0)), row])
    assert ledger.payoffs() == [row]


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Ledger.at(tmp_path).close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("update schema_version set version = 99")
    with pytest.raises(UserError, match=r"ledger of version 99, and this marl reads up to version 7"):
        Ledger.at(tmp_path)


def test_an_older_ledger_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger.at(tmp_path)
    ledger.add_player(Player("p", (0,), "abc", 0))
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("alter table players rename column born to joined")
        database.execute("update schema_version set version = 0")

    def rename(connection: object) -> None:
        connection.exec_driver_sql("alter table players rename column joined to born")  # type: ignore[attr-defined]

    with pytest.raises(UserError, match="no way to version 7"):
        Ledger.at(tmp_path)
    monkeypatch.setitem(tables.MIGRATIONS, 0, rename)
    assert Ledger.at(tmp_path).players()[0][1].name == "p"
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        assert database.execute("select version from schema_version").fetchall() == [(7,)]


def test_nash_conv_of_a_ledger_of_version_2_becomes_a_measure(tmp_path: Path) -> None:
    ledger = Ledger.at(tmp_path)
    for number, found in enumerate((None, 0.5, 0.25)):
        ledger.decide("mixtures", number, {"mixtures": [[1.0]], "nash_conv": found, "values": [0.0]}, 1.0)
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("update schema_version set version = 2")
    migrated = Ledger.at(tmp_path)
    assert [dict(one.measures) for one in migrated.iterations()] == [
        {},
        {"nash_conv": Value.exact(0.5)},
        {"nash_conv": Value.exact(0.25)},
    ]
    assert migrated.measured() == {"nash_conv": NashConv.about}


def test_other_databases_and_files_are_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("create table songs (name text)")
    with pytest.raises(UserError, match=r"not a ledger of marl: it has the tables songs"):
        Ledger.at(tmp_path)
    (tmp_path / "ledger.db").write_bytes(b"this is a text file, not a database at all" * 100)
    with pytest.raises(UserError, match="cannot be opened as a ledger"):
        Ledger.at(tmp_path)


def test_what_is_read_briefly_is_what_the_whole_says(
    tmp_path: Path, league: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    list(league("env: classic/kuhn_poker\nstop: {iterations: 3}\n").run())
    run = tmp_path / "run"
    (run / "scenario.yaml").write_text((tmp_path / "scenario.yaml").read_text())
    whole = facts(run)
    monkeypatch.setattr(reader, "MANY", 0)
    monkeypatch.setattr(Ledger, "payoffs", lambda self: 1 / 0)  # of which there may be millions
    assert facts(run) == whole and whole["measures"]["nash_conv"]["value"] > 0


def facts(run: Path) -> dict[str, Any]:
    with reader.opened(run, briefly=True) as (_, view):
        return {**_facts(view), "measured": dict(view.measured)}
