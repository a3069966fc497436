"""A sandbox, with small bots in it that try what its tier does not allow."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from league.hookspecs import SANDBOXES
from league.sandbox import Child, Limits, Sandbox
from marl.errors import RunError
from marl.registry import Registry, blamed, wrong

_LIMITS = Limits(memory_mb=256, processes=16, files_mb=16)
_SECONDS = 20.0  # for a bot that does something; those that wait are ended
_WAIT = 10.0  # until a process is seen to begin, or to be gone
_TREE, _STRANGERS = 1, 2  # the tiers from which on trees are killed, and strangers held
_ATTACKS = """
import json, os, socket, sys
port, secret, place = int(sys.argv[1]), sys.argv[2], sys.argv[3]
done = {}
def tried(what, attempt):
    try:
        attempt()
        done[what] = True
    except OSError:
        done[what] = False
def write(path):
    with open(path, "w") as file:
        file.write("here")
tried("reach the network of the host", lambda: socket.create_connection(("127.0.0.1", port), 2).close())
tried("read files of the host", lambda: open(secret).read())
tried("write files of the host", lambda: write(os.path.join(place, "written")))
tried("write into its own folder", lambda: write("written"))
print(json.dumps(done))
"""
_LINGERS = """
import os, sys, time
if os.fork() == 0:
    if sys.argv[2] == "apart":
        os.setsid()
    os.execvp(sys.argv[3], [sys.argv[3], "-c", "import time; time.sleep(600)", sys.argv[1] + "-forked"])
time.sleep(600)
"""


def sandbox(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """Bots run, and end; what the tier promises holds.

    Raises RunError where a command does not run as it should, or is not ended in time; where something of a bot goes on
    after it was killed (from tier 1 on also what left its session); and where, from tier 2 on, a bot reaches the
    network, reads or writes files of the host, or writes into its folder. "", or why it does not work here.
    """
    made: Sandbox = registry.make(SANDBOXES, name, params)
    subject = registry.describe(SANDBOXES, name)
    with blamed(subject, "probe()", "a league.sandbox.Probe"):
        probe = made.probe()
        ok, reason = bool(probe.ok), str(probe.reason)
    if not ok:
        return f"it does not work here: {reason}"
    with tempfile.TemporaryDirectory(prefix="marl-check-") as folder:
        trial = _Trial(made, subject, Path(folder))
        trial.runs()
        trial.ends()
        trial.kills(apart=made.tier >= _TREE)
        if made.tier >= _STRANGERS:
            trial.holds()
    return ""


class _Trial:
    """One sandbox; its bots are in `folder`/bot."""

    def __init__(self, made: Sandbox, subject: str, folder: Path) -> None:
        self.made, self.subject, self.folder = made, subject, folder
        self.bot, self.outside = folder / "bot", folder / "outside"
        self.bot.mkdir()
        self.outside.mkdir(mode=0o777)
        for place in (folder, self.bot):
            place.chmod(0o755)
        self.outside.chmod(0o777)
        (self.bot / "attacks.py").write_text(_ATTACKS)
        (self.bot / "lingers.py").write_text(_LINGERS)

    def runs(self) -> None:
        """A command runs in its folder, what it says comes back, and so does its exit code."""
        done = self._run(["sh", "-c", "ls; exit 3"])
        if done.code != 3 or b"attacks.py" not in done.output:
            raise RunError(
                f"{self.subject} ran `ls; exit 3` in a folder with attacks.py, and it ended with code {done.code} and "
                f"said {done.output[:80]!r}"
            )

    def ends(self) -> None:
        """Whatever takes too long is ended."""
        began = time.monotonic()
        done = self._run(["sh", "-c", "sleep 30"], seconds=0.3)
        if done.code is not None or time.monotonic() - began > 25:
            raise RunError(
                f"{self.subject} let `sleep 30` run on in run(..., seconds=0.3): its code was {done.code}, and None is "
                "right for what is killed"
            )

    def kills(self, apart: bool) -> None:
        """Nothing of a bot goes on after `kill`; `apart`: neither does what left its session."""
        mark = f"marl-check-{secrets.token_hex(8)}"
        forked = f"{mark}-forked"  # it is called so once it has left the session
        command = ["python3", "lingers.py", mark, "apart" if apart else "together", "python3"]
        with blamed(self.subject, "start(command, folder, limits, log)", "a league.sandbox.Child"):
            child: Any = self.made.start(command, self.bot, _LIMITS, self.folder / "log")
        if not isinstance(child, Child):
            raise wrong(self.subject, "start(command, folder, limits, log)", child, "a league.sandbox.Child")
        try:
            begun = _comes_true(lambda: bool(_processes(forked)))
        finally:
            child.kill()
        if not begun:
            raise RunError(f"{self.subject} started a bot that forks, and no second process came: {child.reason()}")
        if not _comes_true(lambda: not _processes(mark, forked)):
            for left in _processes(mark, forked):
                with contextlib.suppress(OSError):
                    os.kill(left, signal.SIGKILL)
            more = ", which left its session," if apart else ""
            raise RunError(
                f"{self.subject} killed a bot, and a process of it{more} goes on: all of them are to end with it"
            )

    def holds(self) -> None:
        """What strangers must not do."""
        secret = self.outside / "secret"
        secret.write_text("secret")
        secret.chmod(0o644)
        with _listening() as port:
            done = self._run(["python3", "attacks.py", str(port), str(secret), str(self.outside)])
        try:
            told: dict[str, bool] = json.loads(done.output.splitlines()[-1])
        except (IndexError, ValueError):
            raise RunError(
                f"{self.subject} could not run a small program in Python ({done.reason}): {done.output[-200:]!r}"
            ) from None
        if could := [what for what, success in told.items() if success]:
            raise RunError(
                f"{self.subject} says that it is of tier {self.made.tier}, and lets a bot {could[0]}; tier 2 and "
                "those above hold strangers"
            )

    def _run(self, command: list[str], seconds: float = _SECONDS) -> Any:
        right = "a league.sandbox.Finished"
        with blamed(self.subject, "run(command, folder, limits, seconds)", right):
            done: Any = self.made.run(command, self.bot, _LIMITS, seconds)
            if not isinstance(done.output, bytes):
                raise wrong(self.subject, "run(command, folder, limits, seconds)", done, right)
        return done


@contextlib.contextmanager
def _listening() -> Iterator[int]:
    """A port of this machine at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _processes(*marks: str) -> list[int]:
    """The ids of those that have one of these words on their command line, in any sandbox; zombies have none."""
    words = {mark.encode() for mark in marks}
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with contextlib.suppress(OSError):
                if not words.isdisjoint((place / "cmdline").read_bytes().split(b"\0")):
                    found.append(int(place.name))
    return found


def _comes_true(asked: Callable[[], bool]) -> bool:
    """Whether it is so before long."""
    end = time.monotonic() + _WAIT
    while not (so := asked()) and time.monotonic() < end:
        time.sleep(0.01)
    return so
