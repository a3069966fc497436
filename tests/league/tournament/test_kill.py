"""A host that is killed at any moment goes on, loses nothing, counts nothing twice, and leaves no process behind."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from league.ledger import MatchRow, TournamentLedger
from league.tournament.event import Event, open_event
from league.tournament.standings import view
from marl.registry import load_registry

KILLS = 10
PLAYERS = ("marl/random", "marl/first", "ann=marl/random", "bob=marl/random")


def start(path: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "marl", "tournament", "run", str(path), "--workers", "2", *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def survivors(session: int) -> list[int]:
    """The processes of a session that still live."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            state, _, _, number = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(number) == session and state != "Z":
            found.append(int(entry.name))
    return found


def finished(path: Path) -> dict[str, MatchRow]:
    ledger = TournamentLedger.at(path)
    try:
        return {match.pairing: match for match in ledger.matches()}
    finally:
        ledger.close()


def kill_after(path: Path, more: int) -> bool:
    """Run the host, and kill it once `more` matches are finished; False where it ended before."""
    host = start(path)
    target = len(finished(path)) + more
    while host.poll() is None and len(finished(path)) < target:
        time.sleep(0.002)
    if host.poll() is not None:
        return False
    os.kill(host.pid, signal.SIGKILL)
    host.wait()
    deadline = time.monotonic() + 30
    while survivors(host.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert survivors(host.pid) == []
    return True


def test_a_host_that_is_told_to_end_says_how_to_go_on_and_leaves_no_bot(
    event: Callable[..., Event], bot: Callable[..., Path]
) -> None:
    thinker = bot("ann", "import time; time.sleep(30); action = LEGAL[0]")
    made = event(str(thinker), "marl/first", overrides=("sandbox=none", "clocks.move=60"))
    made.close()
    host = start(made.path, "--trust")
    deadline = time.monotonic() + 30
    while not bots(made.path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert bots(made.path) != []
    host.terminate()
    said, _ = host.communicate(timeout=30)
    assert host.returncode == 130 and f"go on with `marl tournament run {made.path}`" in said, said
    assert survivors(host.pid) == bots(made.path) == []
    assert finished(made.path) == {}


def bots(path: Path) -> list[int]:
    """The processes that run in an event's folder: bots, in sessions of their own."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and path in (entry / "cwd").readlink().parents:
                found.append(int(entry.name))
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


def story(event: Event) -> object:
    shown = view(event)
    lines = [(line.rank, line.player, line.points, line.rating, line.wins, line.faults) for line in shown.lines]
    return event.ledger.digest(), lines, sorted(path.name for path in (event.path / "replays").iterdir())


def test_killed_at_random_moments_an_event_ends_as_if_nothing_had_happened(
    event: Callable[..., Event], tmp_path: Path
) -> None:
    made = event(*PLAYERS, overrides=("schedule.games=40",))  # 240 matches
    made.close()
    shutil.copytree(made.path, tmp_path / "killed")
    host = start(made.path)
    out, _ = host.communicate(timeout=60)
    assert host.returncode == 0, out
    chance, kills, before = random.Random(0), 0, {}
    while kills < KILLS and kill_after(tmp_path / "killed", chance.randrange(0, 6)):
        kills += 1
        now = finished(tmp_path / "killed")
        assert before.items() <= now.items()  # what was finished stays, with its times: it was not played again
        before = now
    assert kills == KILLS
    last = start(tmp_path / "killed")
    out, _ = last.communicate(timeout=60)
    assert last.returncode == 0, out
    assert before.items() <= finished(tmp_path / "killed").items()
    whole, killed = (open_event(path, load_registry()) for path in (made.path, tmp_path / "killed"))
    assert len(whole.ledger.matches()) == 240
    assert story(killed) == story(whole)
    whole.close()
    killed.close()
