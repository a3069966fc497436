"""What all tiers share: pipes around a process, and running a command to its end."""

from __future__ import annotations

import abc
import contextlib
import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from league.sandbox import log as logs
from league.sandbox.base import Finished
from league.sandbox.child import Child
from league.sandbox.limits import Limits
from league.sandbox.log import Log
from marl.errors import RunError


@dataclass
class Pipes:
    """The ends of a child's three pipes: its own, and ours (-1 where there is none)."""

    child: tuple[int, int, int]
    ours: tuple[int, int, int]
    source: int = -1
    """A file that the command reads in place of its first pipe."""

    def hand_over(self) -> None:
        """Close the child's ends on our side, once it has them."""
        for end in {*self.child, self.source} - {-1}:
            os.close(end)
        self.child, self.source = (-1, -1, -1), -1

    def abandon(self) -> None:
        """Close everything, after a failure."""
        self.hand_over()
        for end in {*self.ours} - {-1}:
            with contextlib.suppress(OSError):
                os.close(end)


def pipes(merged: bool, stdin: IO[bytes] | None = None) -> Pipes:
    """New pipes. `merged`: standard error goes where standard output goes. `stdin`: a file to read."""
    their_in, our_in = os.pipe()
    our_out, their_out = os.pipe()
    our_err, their_err = (-1, os.dup(their_out)) if merged else os.pipe()
    for end in (our_in, our_out):
        os.set_blocking(end, False)
    source = os.dup(stdin.fileno()) if stdin is not None else -1
    return Pipes((their_in, their_out, their_err), (our_in, our_out, our_err), source)


def ends(pipes: Pipes) -> tuple[int, int, int]:
    """A child's standard input, output and error, with the file in place of the first where there is one."""
    first, out, err = pipes.child
    return pipes.source if pipes.source >= 0 else first, out, err


class Tier(abc.ABC):
    """A sandbox that only has to say how a command is started on given pipes; see `league.sandbox.Sandbox`."""

    @abc.abstractmethod
    def launch(self, command: Sequence[str], folder: Path, limits: Limits, pipes: Pipes, log: Log | None) -> Child:
        """Start a command in `folder` on the child's ends of `pipes`, and hand these over. Raises RunError."""

    def start(self, command: Sequence[str], folder: Path, limits: Limits, log: Path) -> Child:
        """Start a bot; see `Sandbox.start`."""
        made = pipes(merged=False)
        keeper = Log(made.ours[2], log, limits.log_kb << 10)
        logs.add(keeper)
        try:
            child = self.launch(command, folder, limits, made, keeper)
        except BaseException:
            made.hand_over()
            keeper.close()
            for end in made.ours[:2]:
                os.close(end)
            raise
        return child

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        limits: Limits,
        seconds: float,
        stdin: IO[bytes] | None = None,
        log: Path | None = None,
        most: int = 1 << 20,
    ) -> Finished:
        """Run a command to its end; see `Sandbox.run`."""
        made = pipes(merged=log is None, stdin=stdin)
        keeper = Log(made.ours[2], log, limits.log_kb << 10) if log is not None else None
        if keeper is not None:
            logs.add(keeper)
        try:
            child = self.launch(command, folder, limits, made, keeper)
        except BaseException:
            if keeper is not None:
                keeper.close()
            made.ours = (made.ours[0], made.ours[1], -1)
            made.abandon()
            raise
        try:
            return _finish(child, seconds, most)
        finally:
            child.kill()


def _finish(child: Child, seconds: float, most: int) -> Finished:
    os.close(child.stdin)
    child.stdin = -1
    deadline = time.monotonic() + seconds
    poll = select.poll()
    poll.register(child.stdout, select.POLLIN)
    output = bytearray()
    ended = False
    while not ended:
        if not poll.poll(max(0.0, min(0.1, deadline - time.monotonic())) * 1000):
            # A process that left its session may hold the pipe open for ever.
            if child.exit is None and time.monotonic() < deadline:
                continue
            ended = True
        ended |= not _read(child.stdout, output)
        if len(output) > most:
            child.end(f"wrote more than {most} bytes")
            break
    if ended and child.exit is None and not _wait(child, deadline):
        child.end(f"took longer than {seconds:g} s")
    _wait(child, time.monotonic() + 2)
    if child.host_fault:
        raise RunError(f"the sandbox could not be set up: {bytes(output).decode(errors='replace').strip()}")
    reason = child.reason()
    return Finished(child.exit if reason.startswith(("exit", "signal")) else None, bytes(output[:most]), reason)


def _read(pipe: int, output: bytearray) -> bool:
    try:
        chunk = os.read(pipe, 1 << 16)
    except BlockingIOError:
        return True
    output += chunk
    return bool(chunk)


def _wait(child: Child, deadline: float) -> bool:
    while child.exit is None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.0005)
    return True
