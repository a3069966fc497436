"""A running bot: its pipes, and the switch that freezes, thaws and kills all of its processes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import termios
import threading

from league.sandbox.cgroups import Cgroup
from league.sandbox.log import Log
from league.sandbox.tree import Namespace, Tree


class Gate:
    """What a sandbox waits at until its limits are set: a pipe with one byte, gone once the bot's program begins."""

    def __init__(self) -> None:
        self.inside, self._outside = os.pipe()
        self._passed: bool | None = None

    def open(self) -> None:
        """Let it go on."""
        os.write(self._outside, b"1")

    def passed(self) -> bool:
        """Whether it has gone on."""
        if self._passed is None:
            waiting = fcntl.ioctl(self.inside, termios.FIONREAD, bytes(4))
            return not any(waiting)
        return self._passed

    def close(self) -> None:
        """Give the pipe back, and remember."""
        if self._passed is None:
            self._passed = self.passed()
            os.close(self.inside)
            os.close(self._outside)


class Child:
    """A bot that was started. Made by a sandbox. Close it by `kill`, also after it has ended by itself."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        stdin: int,
        stdout: int,
        tree: Tree,
        group: Cgroup | None,
        log: Log | None,
        shifted: bool = False,
        gate: Gate | None = None,
    ) -> None:
        self.pid = process.pid
        """The process that the host waits for; under bubblewrap its monitor, outside of the sandbox."""
        self.stdin = stdin
        """Write here what the bot reads. Non-blocking; closed, and -1, after `kill`."""
        self.stdout = stdout
        """Read here what the bot writes. Non-blocking; closed, and -1, after `kill`."""
        self.tree = tree
        self.group = group
        self._process = process
        self._log = log
        self._gate = gate
        self._shifted = shifted  # the monitor reports a signal as 128 + its number, as a shell does
        self._cause = ""
        self._frozen = False
        self._lock = threading.RLock()
        self._closed = False

    @property
    def exit(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        code = self._process.poll()
        return 128 - code if self._shifted and code is not None and 128 < code < 192 else code

    @property
    def host_fault(self) -> str:
        """Why it ended, if it did before the bot's own program had begun: nothing the bot can be blamed for."""
        if self._gate is None or self.exit is None or self._gate.passed():
            return ""
        return "the sandbox could not be set up; its log says why"

    def freeze(self) -> None:
        """Stop all of its processes until `thaw`."""
        with self._lock:
            if not self._closed and not self._frozen:
                self._frozen = True
                if self.group is None or not self.group.freeze():
                    self.tree.stop()

    def thaw(self) -> None:
        """Let all of its processes go on."""
        with self._lock:
            if not self._closed and self._frozen:
                self._frozen = False
                if self.group is None or not self.group.thaw():
                    self.tree.resume()

    def end(self, cause: str) -> None:
        """Kill all of its processes for a reason, but leave the pipes open so that its last words can be read."""
        if not self._lock.acquire(blocking=False):
            return  # somebody else is at it; the watchman comes again
        try:
            if not self._closed and self.exit is None:
                self._cause = self._cause or cause
                self._slay()
        finally:
            self._lock.release()

    def kill(self) -> None:
        """Kill all of its processes, wait until they are gone and close its pipes. May be called again."""
        with self._lock:
            if self._closed:
                return
            if self._process.poll() is None:
                self._cause = self._cause or ("out of memory" if self._starved() else "killed")
            self._slay()
            self._bury()
            self._cause = self.reason()
            self._closed = True
            for pipe in (self.stdin, self.stdout):
                with contextlib.suppress(OSError):
                    os.close(pipe)
            self.stdin = self.stdout = -1  # the numbers belong to somebody else from now on
            if self._log is not None:
                self._log.close()
            if self._gate is not None:
                self._gate.close()
            if isinstance(self.tree, Namespace):
                self.tree.close()
            if self.group is not None:
                self.group.remove()

    def reason(self) -> str:
        """Why it ended, in words; "running" while it has not."""
        if self._cause:
            return self._cause
        code = self.exit
        if code is None:
            return "running"
        if self.host_fault:
            return self.host_fault
        if self._starved():
            return "out of memory"
        if code < 0:
            return "cpu time used up" if -code == signal.SIGXCPU else _signal_name(-code)
        return f"exit code {code}"

    def _starved(self) -> bool:
        return self.group is not None and self.group.out_of_memory()

    def _slay(self) -> None:
        self.tree.kill()
        if self.group is not None:
            self.group.thaw()  # version 1 delivers no signal to the frozen
            if not isinstance(self.tree, Namespace):
                self.group.kill()

    def _bury(self) -> None:
        for patience in (2.0, 2.0):
            try:
                self._process.wait(patience)
                return
            except subprocess.TimeoutExpired:
                self._process.kill()


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
