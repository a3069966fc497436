"""Orders in the ledger: asked, leased, done, taken; and the logical clock by which their turn comes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, event

from league.ledger import Ledger
from league.ledger import schema as tables
from league.ledger.orders import Orders
from league.orders import Lineage, Order, Outcome
from league.payoffs.row import PayoffRow
from league.player import Player
from league.work.clock import Clock, Span
from marl.job import Job, marginals


def order(seed: int, lineage: str = "ann", steps: float = 100) -> Order:
    return Order(Job("test/any", 0, ((), (("abc", 0.25), ("def", 0.75))), seed, params={"env_steps": steps}), lineage)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger.at(tmp_path)
    yield made
    made.close()


def test_an_order_is_asked_leased_done_and_taken(ledger: Ledger) -> None:
    orders = Orders(ledger)
    assert orders.asked() == -1
    first, second = orders.add([order(1), order(2, "bob")], 0, Clock(0))
    assert (first.number, second.number, first.asked) == (1, 2, 0)
    assert first.order == order(1) and first.order.job.id == order(1).job.id
    assert orders.asked() == 0
    orders.begin({1: Span(0, 0.0, 100.0)})
    assert orders.states() == {1: "asked", 2: "asked"}
    token = orders.lease(1, "host")
    assert orders.states() == {1: "leased", 2: "asked"}
    assert orders.finish(1, token, Outcome("snap", "check", {"value": 1.5, "loss": float("nan")}, 2.0))
    assert orders.states() == {1: "done", 2: "asked"}
    (opened, _) = Orders(ledger).open()
    assert opened.span == Span(0, 0.0, 100.0)
    assert opened.outcome == Outcome("snap", "check", {"value": 1.5, "loss": None}, 2.0)
    assert orders.lineages() == {} and orders.now() == 0
    player = Player("player_0/1", (0,), "snap", 1, opponents=(), checkpoint="check", lineage="ann")
    (id,) = orders.take(1, 1, [player], {2: Span(0, 100.0, 200.0)})
    assert ledger.players() == [(id, player)]
    assert [one.number for one in orders.open()] == [2]
    assert orders.open()[0].span == Span(0, 100.0, 200.0)
    assert orders.taken(1) == [1] and orders.now() == 100
    assert orders.lineages() == {"ann": Lineage(1, "snap", "check", {"value": 1.5, "loss": None})}


def test_a_job_whose_opponents_are_drawn_together_is_read_as_it_was_written(ledger: Ledger) -> None:
    joint = ((("", "abc"), 0.25), (("", "def"), 0.75))
    job = Job("test/any", 0, marginals(joint), 1, joint=joint, budget={"env_steps": 7})
    Orders(ledger).add([Order(job)], 0, Clock(1))
    (found,) = Orders(ledger).open()
    assert found.order.job == job and found.order.job.id == job.id
    assert found.span == Span(0, 0, 7)


def test_a_late_outcome_of_who_lost_the_lease_is_refused(ledger: Ledger) -> None:
    orders = Orders(ledger)
    orders.add([order(1)], 0, Clock(0))
    late, now = orders.lease(1, "zombie"), orders.lease(1, "host")
    assert now == late + 1
    assert not orders.finish(1, late, Outcome("of the zombie"))
    assert orders.open()[0].outcome is None
    assert orders.finish(1, now, Outcome("of the host"))
    assert not orders.finish(1, late, Outcome("of the zombie"))
    assert not orders.finish(1, now, Outcome("once more"))
    found = orders.open()[0].outcome
    assert found is not None and found.snapshot == "of the host"


def test_a_job_that_is_known_is_done_for_whoever_asks_again(ledger: Ledger) -> None:
    orders = Orders(ledger)
    orders.add([order(1)], 0, Clock(0))
    orders.finish(1, orders.lease(1, "host"), Outcome("snap"))
    again, other = orders.add([order(1, "bob"), order(2)], 1, Clock(0))
    assert again.outcome is not None and again.outcome.snapshot == "snap"
    assert other.outcome is None


def test_only_what_came_of_work_waits_for_the_disk(ledger: Ledger) -> None:
    synchronous: list[int] = []  # of SQLite, at every commit: 1 is normal, 2 full

    @event.listens_for(ledger.engine, "commit")
    def at_commit(connection: Connection) -> None:
        synchronous.append(int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one()))

    orders, player = Orders(ledger), Player("player_0/1", (0,), "snap", 1)
    orders.add([order(1)], 0, Clock(0))
    orders.begin({1: Span(0, 0.0, 100.0)})
    token = orders.lease(1, "host")
    assert synchronous == [1, 1, 1]
    orders.finish(1, token, Outcome("snap"))
    assert synchronous[3:] == [2]
    (id,) = orders.take(1, 1, [player], {})
    assert synchronous[4:] == [1]
    ledger.add_payoffs([PayoffRow((id,), 0, 1, (1.0,), (0.0,))])
    ledger.decide("mixtures", 1, [], 0.0)
    assert synchronous[5:] == [2, 2]


def test_the_newest_of_a_lineage_is_what_was_taken_last(ledger: Ledger) -> None:
    orders = Orders(ledger)
    orders.add([order(1), order(2), order(3, "bob")], 0, Clock(0))
    for number in (1, 2, 3):
        orders.finish(number, orders.lease(number, "host"), Outcome(f"snap {number}", f"check {number}"))
    for number in (3, 2, 1):  # as a free league may take them
        orders.take(number, 1, [], {})
    assert orders.taken(1) == [3, 2, 1]
    assert orders.lineages() == {"ann": Lineage(2, "snap 1", "check 1"), "bob": Lineage(1, "snap 3", "check 3")}


def test_a_round_that_was_broken_off_in_an_older_ledger_begins_again(tmp_path: Path) -> None:
    """Version 4 wrote players down before their iteration was over; they join again by their orders."""
    ledger = Ledger.at(tmp_path)
    for name, born in (("a/0", 0), ("b/0", 0), ("a/1", 1), ("b/1", 1)):
        ledger.add_player(Player(name, (int(name[0] == "b"),), name, born))
    ledger.decide("mixtures", 0, {"mixtures": [[1.0], [1.0]], "values": [0.0, 0.0], "measures": {}}, 1.0)
    ledger.close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        for pairing in ("1,2", "3,2"):
            database.execute(
                "insert into payoffs (pairing, first_seed, count, mean, m2) values (?, 0, -1, '[0, 0]', '[0, 0]')",
                (pairing,),
            )
        database.executescript(
            "drop table orders; alter table players drop column lineage; alter table leases rename column item to "
            "pairing; update schema_version set version = 4;"
        )
    again = Ledger.at(tmp_path)
    assert [player.name for _, player in again.players()] == ["a/0", "b/0"]
    assert [row.pairing for row in again.payoffs()] == [(1, 2)]
    assert Orders(again).add([order(1)], 0, Clock(0))[0].number == 1
    assert again.add_player(Player("a/1", (0,), "x", 1)) == 3
    with again.reads() as connection:
        assert tables.is_current(connection)


def test_an_older_ledger_learns_to_tell_who_a_player_went_on_from_from_whom_it_met(tmp_path: Path) -> None:
    """Version 5 wrote both down as `parents`: first whom training went on from, if anybody, then the opponents."""
    ledger = Ledger.at(tmp_path)
    ledger.add_player(Player("a/0", (0,), "a0", 0))
    for number in (1, 2, 3):
        ledger.add_player(Player(f"a/{number}", (0,), f"a{number}", number))
    ledger.close()
    jobs = [("one", None, "c1"), ("two", "c1", "c2"), ("three", None, "c3")]
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("alter table players rename column opponents to parents")
        database.execute("alter table players drop column parent")
        for player, (job, parent, checkpoint) in enumerate(jobs, 2):
            values = (job, json.dumps({"parent": parent}), f"a{player - 1}", checkpoint)
            database.execute("insert into jobs values (?, 1, ?, ?, ?, '{}', 0)", values)
            database.execute("update players set job = ? where id = ?", (job, player))
        database.execute('update players set parents = \'["a/1", "a/1", "a/0"]\' where id in (3, 4)')
        database.execute("update schema_version set version = 5")
    told = [(player.parent, player.opponents) for _, player in Ledger.at(tmp_path).players()]
    assert told == [("", ()), ("", ()), ("a/1", ("a/1", "a/0")), ("", ("a/1", "a/1", "a/0"))]


def test_by_hand_the_shorter_order_ends_first_and_time_goes_on() -> None:
    clock = Clock(2)
    assert clock.begin(1, 30) == Span(0, 0, 30)
    assert clock.begin(2, 10) == Span(1, 0, 10)
    assert clock.begin(3, 10) is None
    assert clock.following() == 2
    clock.end(2)
    assert clock.begin(3, 20) == Span(1, 10, 30)
    assert clock.following() == 1  # of two at 30, the one with the least number
    clock.end(1)
    clock.end(3)
    assert clock.following() is None
    assert clock.begin(4, 5) == Span(0, 30, 35)


@given(work=st.lists(st.integers(1, 50), min_size=1, max_size=30), workers=st.integers(1, 4), stop=st.integers(0, 30))
def test_the_order_of_ends_is_a_function_of_the_work_wherever_it_was_broken_off(
    work: list[int], workers: int, stop: int
) -> None:
    def ends(clock: Clock, due: list[int], limit: int) -> tuple[list[int], list[int]]:
        """Work the queue off, at most `limit` ends; those that ended, and what is still queued."""
        ended: list[int] = []
        while True:
            while due and clock.begin(due[0], work[due[0]]) is not None:
                due = due[1:]
            number = clock.following()
            if number is None or len(ended) == limit:
                return ended, due
            clock.end(number)
            ended.append(number)

    whole, _ = ends(Clock(workers), list(range(len(work))), len(work))
    first = Clock(workers)
    before, due = ends(first, list(range(len(work))), stop)
    resumed = Clock(workers, first.now, dict(first.going))
    after, _ = ends(resumed, due, len(work))
    assert before + after == whole
    assert sorted(whole) == list(range(len(work)))
