"""kill -9 in the middle of every operation, on SQLite and a real PostgreSQL: the league ends as if nothing happened."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from league import runner
from league.ledger import Ledger, brief, leases, operations
from league.ledger import driving as lease
from league.ledger.operations import Operations
from league.ledger.sound import check
from league.manager import Manager
from league.operations import ask
from league.operations.fork import fork
from league.reader import open_ledger
from marl.errors import RunError, UserError
from marl.registry import load_registry
from marl.run.change import changed
from marl.scenario import load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

PFSP = """kind: league
env: classic/kuhn_poker
strategy: {name: league/pfsp, lineages: 2, win: 2.0, algorithm: league/best_response}
workers: 2
stop: {iterations: 3}
"""


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


def child(work: Callable[[], Any]) -> int:
    """Do it in a process of its own; its exit code, as in -9."""
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join(120)
    return process.exitcode or 0


def kill(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def begin(out: Path, text: str, *overrides: str) -> None:
    (out.parent / f"{out.name}.yaml").write_text(text)
    registry = load_registry()
    scenario = load_scenario(out.parent / f"{out.name}.yaml", [*overrides, "name=killed"], registry)
    assert child(lambda: runner.run(scenario, registry, out, False)) == 0


def resume(out: Path, *overrides: str, struck: tuple[Any, str] | None = None) -> int:
    """Go on; `struck`: what is replaced by a kill -9 of the process."""

    def work() -> None:
        if struck is not None:
            setattr(*struck, kill)
        registry = load_registry()
        runner.run(changed(out, list(overrides), registry), registry, out, True)

    free(out)
    return child(work)


def free(out: Path) -> None:
    """Wait until the lease of whoever was killed has expired, where there is one."""
    ledger = open_ledger(out)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with ledger.reads() as connection:
            if lease.LEAGUE not in leases.live(connection):
                break
        time.sleep(0.02)
    ledger.close()


def digest(out: Path) -> str:
    ledger = open_ledger(out)
    try:
        check(ledger)
        return ledger.digest()
    finally:
        ledger.close()


def operate(out: Path, *, killed: bool) -> str:
    """All operations, one after the other, each with a kill in its middle where `killed`; the digest at the end."""
    registry = load_registry()
    asked: list[Callable[[], Any]] = [
        lambda: ask.add(out, "marl/first", registry),
        lambda: ask.retire(out, "player_0/0"),
        lambda: ask.settings(out, ["stop.iterations=7", "strategy.power=2.0"], registry),
    ]
    middles = {
        0: [(operations, "insert_player"), (Manager, "_conclude")],  # in its transaction; after it
        1: [(operations, "update"), (Manager, "_conclude")],
        2: [(runner, "settle"), (Operations, "take")],  # before the run directory is written; before the ledger is
    }
    for number, one in enumerate(asked):
        if killed:
            assert child(lambda one=one: (setattr(Operations, "ask", kill), one())) == -signal.SIGKILL  # type: ignore[misc]
        one()
        for middle in middles[number] if killed else ():
            assert resume(out, struck=middle) == -signal.SIGKILL
        assert resume(out) == 0
    ledger = open_ledger(out)
    assert [(one.kind, one.iteration, one.refused) for one in Operations(ledger).all()] == [
        ("add", 4, ""), ("retire", 5, ""), ("set", 5, ""),
    ]  # fmt: skip
    assert ledger.iterations()[-1].number == 7
    ledger.close()
    return digest(out)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    begin(out, PFSP)
    return operate(out, killed=False)


def test_a_league_killed_in_the_middle_of_every_operation_ends_the_same(tmp_path: Path, undisturbed: str) -> None:
    begin(tmp_path / "run", PFSP)
    assert operate(tmp_path / "run", killed=True) == undisturbed


def test_so_does_one_in_a_postgresql_with_its_snapshots_at_a_url(
    tmp_path: Path, undisturbed: str, database: str
) -> None:
    out = tmp_path / "run"
    begin(out, PFSP, f"ledger='{database}'", f"blobs=file://{tmp_path}/store", "lease_seconds=1")
    assert not (out / "ledger.db").exists() and (out / "blobs").read_text() == f"file://{tmp_path}/store\n"
    assert operate(out, killed=True) == undisturbed
    assert list((tmp_path / "store").glob("*.safetensors"))
    ledger = open_ledger(out)
    assert brief.abouts(ledger) == ledger.measured() and brief.last_iteration(ledger) == ledger.iterations()[-1]
    assert brief.payoff_count(ledger) == len(ledger.payoffs())
    fork(out, tmp_path / "fork", 4, load_registry())  # of a shared league, into a directory of its own
    ledger.close()
    assert (tmp_path / "fork" / "ledger.db").exists() and "ledger: null" in (
        tmp_path / "fork/scenario.yaml"
    ).read_text()
    copy = open_ledger(tmp_path / "fork")
    check(copy)
    assert copy.iterations()[-1].number == 4
    copy.close()


def test_one_process_drives_a_shared_league_and_a_late_one_is_fenced_off(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = Ledger(database), Ledger(database)
    with lease.driving(one, 60):
        one.decide("x", 1, {}, 0.0)
        with (
            pytest.raises(
                UserError, match=r"is in use by .*: wait for it or stop it; if it is gone, its lease ends in"
            ),
            lease.driving(two, 60),
        ):
            pass
    monkeypatch.setattr(lease.leases, "renew", lambda *_: None)  # it is not heard of any more
    with lease.driving(one, 0.2):
        time.sleep(0.3)
        with lease.driving(two, 60):
            with pytest.raises(RunError, match="has taken this league over"):
                one.decide("x", 2, {}, 0.0)
            two.decide("x", 3, {}, 0.0)
    assert set(one.decisions("x")) == {1, 3}
    one.close()
    two.close()
