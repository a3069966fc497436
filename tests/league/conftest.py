"""Leagues in a temporary directory."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from league.ledger import Ledger
from league.manager import Manager
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.registry.discover import discover
from marl.registry.load import build as build_registry
from marl.registry.settings import read_settings
from marl.scenario import load_scenario

Make = Callable[..., Manager]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for plugins, with that of `learners.py`, here and in every process that is started."""
    site = tmp_path / "site"
    info = site / "learners-0.1.dist-info"
    info.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("learners.py"), site)
    (site / "heavy.py").write_text("from learners import Averager\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: learners\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[marl]\nlearners = learners\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]))
    yield site
    for module in ("learners", "heavy"):
        sys.modules.pop(module, None)


@pytest.fixture
def league(tmp_path: Path) -> Iterator[Make]:
    """Build a league from scenario text: `league("env: ...", "key=value", run="run")`; calling it again resumes it."""
    opened: list[Any] = []

    def make(text: str, *overrides: str, run: str = "run") -> Manager:
        path = tmp_path / "scenario.yaml"
        path.write_text("kind: league\n" + text)
        registry = load_registry()
        config = load_scenario(str(path), list(overrides), registry).config
        out = tmp_path / run
        out.mkdir(exist_ok=True)
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        opened.extend([ledger, metrics])
        return build(config, registry, ledger, Blobs(out / "blobs"), metrics)

    yield make
    for thing in opened:
        thing.close()


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


@pytest.fixture
def leagues(site: Path, tmp_path: Path) -> Iterator[Make]:
    """Build a league with the learner of `learners.py`, or go on with it."""
    registry = build_registry(discover(), read_settings(False))
    opened: list[Any] = []

    def make(text: str, where: str = "run") -> Manager:
        path, out = tmp_path / "scenario.yaml", tmp_path / where
        path.write_text(text)
        out.mkdir(exist_ok=True)
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        opened.extend([ledger, metrics])
        return build(load_scenario(str(path), [], registry).config, registry, ledger, Blobs(out / "blobs"), metrics)

    yield make
    for thing in opened:
        thing.close()
