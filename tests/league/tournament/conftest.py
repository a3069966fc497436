"""Events in a temporary directory, and small bots."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from league.tournament.event import Event, create
from league.tournament.submit import Terms, submit
from marl.registry import load_registry
from marl.scenario import load_scenario

Make = Callable[..., Event]

BOT = """
import json, sys
count = 0
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        print(json.dumps({"type": "ready"}), flush=True)
    elif message["type"] == "act":
        count += 1
        LEGAL = message["legal"]
        MOVE
        print(json.dumps({"id": message["id"], "action": action}), flush=True)
"""


@pytest.fixture
def event(tmp_path: Path) -> Iterator[Make]:
    """Make an event of tic-tac-toe: `event("random", "first", overrides=["schedule.games=4"], name="cup")`."""
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    opened: list[Event] = []

    def make(*players: str, overrides: tuple[str, ...] = (), name: str = "cup") -> Event:
        registry = load_registry()
        draft = tmp_path / "draft.yaml"
        draft.write_text(f"kind: tournament\nname: {name}\nenv: classic/tic_tac_toe\n")
        made = create(tmp_path / name, load_scenario(draft, list(overrides), registry), registry)
        opened.append(made)
        for player in players:
            submit(made, player, Terms(trust=True, valid=False, replace=True))
        return made

    yield make
    for made in opened:
        made.close()


@pytest.fixture
def chess_club(tmp_path: Path) -> Iterator[Make]:
    """Make an event of chess with these players."""
    pytest.importorskip("marl_openspiel", reason="needs the plugin marl-openspiel")
    draft = tmp_path / "draft.yaml"
    draft.write_text("kind: tournament\nname: chess club\nenv: openspiel/chess\nsandbox: none\n")
    opened: list[Event] = []

    def join(*players: str, overrides: tuple[str, ...] = ()) -> Event:
        registry = load_registry()
        made = create(tmp_path / "cup", load_scenario(draft, list(overrides), registry), registry)
        opened.append(made)
        for player in players:
            submit(made, player, Terms(trust=True, valid=False))
        return made

    yield join
    for made in opened:
        made.close()


@pytest.fixture
def bot(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder with a bot: `bot("ann", "action = LEGAL[0]")`."""

    def make(name: str, move: str = "action = LEGAL[0]", games: str = "[classic/tic_tac_toe]") -> Path:
        folder = tmp_path / "submitted" / name
        folder.mkdir(parents=True)
        (folder / "bot.py").write_text(BOT.replace("MOVE", move))
        command = "[python3, bot.py]"
        (folder / "bot.yaml").write_text(f"name: {name}\ncommand: {command}\ngames: {games}\nauthor: {name}'s author\n")
        return folder

    return make


def binary(name: str) -> str | None:
    """A program of PostgreSQL, on the PATH or where Debian puts it."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(debian[-1]) if debian else None)


def ordinary_user() -> list[str]:
    """What to put before a command so that an ordinary user runs it: postgres refuses root."""
    if os.getuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return []


@contextmanager
def cluster(password: str = "") -> Iterator[str]:
    """A new PostgreSQL of its own, and the URL of its database; with a password it lets nobody in without."""
    pytest.importorskip("psycopg", reason="needs the extra 'postgres'")
    initdb, pg_ctl = binary("initdb"), binary("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("needs PostgreSQL's initdb and pg_ctl")
    base = Path(tempfile.mkdtemp(prefix="marl-pg-"))  # short: a socket's path may not be long
    base.chmod(0o777)
    as_user, data, secret = ordinary_user(), base / "data", base / "password"
    secret.write_text(password)
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": base}
    options = f"-k {base} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB -c max_connections=20"
    trust = ["-A", "scram-sha-256", f"--pwfile={secret}"] if password else ["-A", "trust"]
    subprocess.run([*as_user, initdb, "-D", data, "-U", "marl", *trust, "-N"], **quiet)  # type: ignore[call-overload]
    start = [*as_user, pg_ctl, "-D", data, "-o", options, "-l", base / "log", "-w", "start"]
    subprocess.run(start, **quiet)  # type: ignore[call-overload]
    try:
        yield f"postgresql+psycopg://marl{':' if password else ''}{password}@/postgres?host={base}"
    finally:
        stop = [*as_user, pg_ctl, "-D", data, "-m", "immediate", "-w", "stop"]
        subprocess.run(stop, check=False, stdout=subprocess.DEVNULL, cwd=base)
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Callable[..., AbstractContextManager[str]]:
    """Start a PostgreSQL: `with postgresql("password") as url`."""
    return cluster
