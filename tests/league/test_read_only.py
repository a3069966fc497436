"""A run on a read-only mount is read like any other, whether it ended or was killed; nothing there is written."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

MOUNT = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'
Marl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def read(tmp_path: Path) -> Marl:
    """`read(run, "league status RUN")`: `marl`, with `run` mounted read-only in a namespace of its own."""
    works = shutil.which("unshare") and subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, str(tmp_path)], capture_output=True
    )
    if not works or works.returncode:
        pytest.skip("this machine lets nobody mount in a namespace of his own")

    def call(run: Path, words: str) -> subprocess.CompletedProcess[str]:
        command = shlex.join([sys.executable, "-m", "marl", *words.replace("RUN", str(run)).split()])
        mounted = ["unshare", "--map-root-user", "--mount", "sh", "-c", f"{MOUNT} && {command}", str(run)]
        return subprocess.run(mounted, capture_output=True, text=True, cwd=tmp_path)

    return call


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, marl: Marl) -> Path:
    run = tmp_path_factory.mktemp("league") / "run"
    assert marl("run", "leduc_psro", "stop.iterations=3", "--out", run).returncode == 0
    assert sorted(file.name for file in run.glob("ledger.db*")) == ["ledger.db"]  # it ended: no shared memory is left
    return run


@pytest.fixture
def league(ended: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ended, tmp_path / "run"))


READING = [
    "league status RUN",
    "league payoffs RUN",
    "league players RUN",
    "league export RUN",
    "evaluate RUN --matches 20",
]


@pytest.mark.parametrize("words", READING)
def test_a_finished_league_is_read(read: Marl, marl: Marl, league: Path, words: str) -> None:
    done = read(league, words)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout
    here = marl(*words.replace("RUN", str(league)).split())
    assert done.stdout == here.stdout


def test_a_killed_league_is_read_with_what_it_had_not_merged_yet(read: Marl, league: Path, tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from league.ledger import Ledger\n"
        "ledger = Ledger.at(Path(sys.argv[1])); data, _ = ledger.decisions('mixtures')[3]\n"
        "ledger.decide('mixtures', 4, data, 9.0); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code, str(league)])
    killed = tmp_path / "killed"
    shutil.copytree(league, killed)
    (killed / "ledger.db-shm").unlink()  # what a backup leaves out
    for run in (league, killed):
        assert (run / "ledger.db-wal").stat().st_size > 0
        done = read(run, "league status RUN --json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["iteration"] == 4


def test_a_report_goes_to_another_place(read: Marl, league: Path, tmp_path: Path) -> None:
    refused = read(league, "report RUN")
    assert refused.returncode == 2
    assert "run cannot be written: say where the report shall go, as in --out run.html" in refused.stderr
    assert read(league, f"report RUN --out {tmp_path}").returncode == 2
    done = read(league, f"report RUN --out {tmp_path / 'page.html'}")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'page.html'}\n"), done.stderr
    assert (tmp_path / "page.html").read_bytes() == (league / "report.html").read_bytes()


def test_an_older_ledger_is_read_and_stays_as_it_is(read: Marl, league: Path) -> None:
    with sqlite3.connect(league / "ledger.db") as database:
        database.executescript(
            "pragma journal_mode = delete; update schema_version set version = 1; drop table leases; "
            "drop table matches; drop table bots"
        )
    database.close()
    before = (league / "ledger.db").read_bytes()
    done = read(league, "league status RUN")
    assert done.returncode == 0, done.stderr
    assert (league / "ledger.db").read_bytes() == before


def test_standings_of_an_event_are_shown_and_the_page_goes_to_another_place(
    read: Marl, marl: Marl, tmp_path: Path
) -> None:
    cup = str(tmp_path / "cup")
    for words in (f"create {cup} --game classic/tic_tac_toe", f"submit {cup} marl/random marl/first", f"run {cup}"):
        assert marl("tournament", *words.split()).returncode == 0
    done = read(Path(cup), "tournament standings RUN")
    assert (done.returncode, done.stderr) == (0, "")
    assert "rating" in done.stdout
    assert done.stdout.endswith(f"page  none, since {cup} cannot be written; --out FILE writes it elsewhere\n")
    page = tmp_path / "page.html"
    done = read(Path(cup), f"tournament standings RUN --out {page}")
    assert (done.returncode, done.stderr) == (0, "") and page.read_text().endswith("</html>\n")
    assert read(Path(cup), f"tournament standings RUN --out {tmp_path}").returncode == 2
