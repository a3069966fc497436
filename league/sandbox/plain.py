"""The tiers without isolation: `none`, and `limits`. For bots that you wrote yourself."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Sequence
from pathlib import Path

from league.sandbox import cgroups
from league.sandbox.base import Probe
from league.sandbox.cgroups import Cgroup
from league.sandbox.child import Child
from league.sandbox.command import PATH
from league.sandbox.launch import Pipes, Tier, ends
from league.sandbox.limits import Limits
from league.sandbox.log import Log
from league.sandbox.spawn import spawn
from league.sandbox.tree import COOKIE, Session
from league.sandbox.watch import watch


class NoSandbox(Tier):
    """Tier 0: the bot is a child process with the host's own rights and environment."""

    name = "none"
    tier = 0

    def probe(self) -> Probe:
        """It always works, and holds nothing but a process group."""
        return Probe(True, "", ("a process group, killed as one",))

    def launch(self, command: Sequence[str], folder: Path, limits: Limits, pipes: Pipes, log: Log | None) -> Child:
        """See `Tier.launch`."""
        # The shell turns a program that is not there into an exit code and a line in the log, as the other tiers do.
        shell = ["/bin/sh", "-c", 'exec "$@"', "sh", *command]
        process = spawn(shell, *ends(pipes), env=os.environ, cwd=folder)
        pipes.hand_over()
        return Child(process, pipes.ours[0], pipes.ours[1], Session(process.pid), None, log)


class LimitsSandbox(NoSandbox):
    """Tier 1: a session of its own, a cleared environment, and limits. It stops accidents, not attacks."""

    name = "limits"
    tier = 1

    def probe(self) -> Probe:
        """It always works; which limits bind the whole tree depends on cgroups."""
        layout = cgroups.holds()
        tree = layout.phrases() if layout is not None else ()
        watched = () if layout and layout.memory and layout.pids else (WATCHED,)
        return Probe(True, "", ("a session of its own", "a cleared environment", RLIMITS, *tree, *watched))

    def launch(self, command: Sequence[str], folder: Path, limits: Limits, pipes: Pipes, log: Log | None) -> Child:
        """See `Tier.launch`."""
        group = cgroups.create(limits)
        cookie = secrets.token_hex(8)
        env = {"PATH": os.environ.get("PATH", PATH), "HOME": "/tmp", "LANG": "C.UTF-8", COOKIE: cookie}
        shell = ["/bin/sh", "-c", _preamble(group, limits) + 'exec "$@"', "sh", *command]
        try:
            process = spawn(shell, *ends(pipes), env=env, cwd=folder)
        except BaseException:
            if group is not None:
                group.remove()
            raise
        pipes.hand_over()
        child = Child(process, pipes.ours[0], pipes.ours[1], Session(process.pid, cookie), group, log)
        watch(child, limits)
        return child


RLIMITS = "data size, processor time, open files and core dumps of each process (rlimits)"
WATCHED = "memory and processes of the whole tree, looked at every 50 ms"


def _preamble(group: Cgroup | None, limits: Limits) -> str:
    """Shell that binds itself before it becomes the bot: no process of the bot's is ever unbound."""
    lines = [f"echo $$ > {shlex.quote(str(folder / 'cgroup.procs'))} || exit 125" for folder in _folders(group)]
    lines += [
        f"ulimit -S -t {limits.cpu_seconds}",  # before the hard one, which may not be below it
        f"ulimit -H -t {limits.cpu_seconds + 1}",
        f"ulimit -n {limits.open_files}",
        "ulimit -c 0",
    ]
    if group is None or group.memory is None:
        lines.append(f"ulimit -d {limits.memory_mb << 10}")
    return "; ".join(lines) + "; "


def _folders(group: Cgroup | None) -> tuple[Path, ...]:
    return group.folders if group is not None else ()
