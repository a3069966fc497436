"""Several hosts share one PostgreSQL: a real one, started for the test by an ordinary user."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from league.ledger import BotRow, Ledger, TournamentLedger
from league.ledger.orders import Orders
from league.orders import Order, Outcome
from league.player import Player
from league.tournament.event import Event
from league.tournament.standings import view
from league.work.clock import Clock, Span
from marl.errors import UserError
from marl.job import Job


@pytest.fixture(scope="module")
def server(postgresql: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """The URL of an empty cluster's database."""
    with postgresql() as url:
        yield url


@pytest.fixture
def database(server: str) -> str:
    """The same, emptied."""
    import psycopg

    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
    return server


def host(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "marl", "tournament", "run", str(path), "--workers", "1"]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_a_leagues_orders_are_leased_done_and_taken_there_too(database: str) -> None:
    ledger = Ledger(database)
    orders = Orders(ledger)
    orders.add([Order(Job("test/any", 0, ((), (("abc", 1.0),)), seed), "ann") for seed in (1, 2)], 0, Clock(0))
    orders.begin({1: Span(0, 0.0, 1.0)})
    late, token = orders.lease(1, "zombie"), orders.lease(1, "host")
    assert orders.states() == {1: "leased", 2: "asked"}
    assert not orders.finish(1, late, Outcome("of the zombie"))
    assert orders.finish(1, token, Outcome("snap", "check", {"value": 1.5}, 2.0))
    player = Player("player_0/0", (0,), "snap", 1, checkpoint="check", lineage="ann")
    assert [orders.take(1, 1, [player], {2: Span(0, 1.0, 2.0)})] == [[id for id, _ in ledger.players()]]
    assert ledger.players()[0][1] == player
    assert [one.span for one in orders.open()] == [Span(0, 1.0, 2.0)]
    assert orders.lineages()["ann"].metrics == {"value": 1.5}
    ledger.close()


def test_leases_fence_out_a_late_host(database: str) -> None:
    one, two = TournamentLedger(database), TournamentLedger(database)
    assert one.lease("1.1.1", "one", seconds=0.05) == 1
    assert two.lease("1.1.1", "two", 60) is None
    time.sleep(0.1)
    assert two.lease("1.1.1", "two", 60) == 2
    one.heartbeat("one", 60)
    assert one.lease("1.1.1", "one", 60) is None
    one.close()
    two.close()


def test_two_hosts_share_an_event_and_every_match_is_counted_once(event: Callable[..., Event], database: str) -> None:
    players = ("marl/random", "marl/first", "ann=marl/random", "bob=marl/random")
    overrides = (f"ledger='{database}'", "schedule.games=10", "lease_seconds=5")
    made = event(*players, overrides=overrides)
    hosts = [host(made.path), host(made.path)]
    outs = [each.communicate(timeout=60)[0] for each in hosts]
    assert [each.returncode for each in hosts] == [0, 0], outs
    matches = made.ledger.matches()
    assert len({match.pairing for match in matches}) == len(matches) == 60
    assert made.has_ended
    assert sum(line.points for line in view(made).lines) == 60


def test_the_matches_of_a_host_that_was_killed_are_played_by_another(
    event: Callable[..., Event], database: str
) -> None:
    players = ("marl/random", "marl/first")
    made = event(*players, overrides=(f"ledger='{database}'", "schedule.games=40", "lease_seconds=5"))
    first = host(made.path)
    while made.ledger.match_count() < 5:
        time.sleep(0.005)
    first.kill()
    first.communicate()
    second = host(made.path)
    out, _ = second.communicate(timeout=60)
    assert second.returncode == 0, out
    assert made.ledger.match_count() == 40


def test_a_second_event_does_not_fit_into_the_same_database(event: Callable[..., Event], database: str) -> None:
    event("marl/random", overrides=(f"ledger='{database}'",))
    with pytest.raises(UserError, match="holds an event already"):
        event(overrides=(f"ledger='{database}'",), name="other")


def test_a_database_that_cannot_be_reached_is_a_sentence() -> None:
    pytest.importorskip("psycopg", reason="needs the extra 'postgres'")
    with pytest.raises(UserError, match="cannot be opened as a ledger"):
        TournamentLedger("postgresql+psycopg://marl@/postgres?host=/nowhere")
    with pytest.raises(UserError, match="a URL is like sqlite"):
        TournamentLedger("not a url")


def test_two_hosts_that_submit_one_name_at_once_do_not_both_get_it(database: str) -> None:
    ledgers = [TournamentLedger(database), TournamentLedger(database)]
    together = threading.Barrier(2)

    def submit(host: int) -> int:
        added = 0
        for number in range(20):
            bot = BotRow(f"{'Xx'[host]}{number}", "bot", "somebody", str(host))
            together.wait(30)
            with suppress(UserError):
                added += len(ledgers[host].add_bots([bot]))
        return added

    with ThreadPoolExecutor(2) as hosts:
        assert sum(hosts.map(submit, range(2))) == 20
    assert len(ledgers[0].every_bot()) == 20
    for ledger in ledgers:
        ledger.close()
