"""Lines to and from a child process, on raw descriptors, never waiting and never holding more than the limits allow."""

from __future__ import annotations

import os
import time
from typing import Protocol

from league.referee.clocks import Output
from league.referee.seat import Heard

_CHUNK = 1 << 16
_GRACE = 0.05  # seconds that a process which closed its output has to be gone, so that we can say why


class Child(Protocol):
    """A sandboxed process, as `league.sandbox` starts it."""

    stdin: int
    stdout: int
    pid: int

    @property
    def exit(self) -> int | None:
        """Its exit code (below 0: the signal that ended it), or None while it runs."""

    def freeze(self) -> None:
        """Stop the process and all it started."""

    def thaw(self) -> None:
        """Let them go on."""

    def kill(self) -> None:
        """End them."""

    @property
    def host_fault(self) -> str:
        """Why it ended, if that was before the bot's own program had begun; else ""."""

    def reason(self) -> str:
        """Why it ended, for people."""


class Flooded(Exception):
    """More came than the limits allow."""


class Closed(Exception):
    """The other end is gone."""


class Pipe:
    """The lines of one child. `child` outlives it where a player keeps its processes."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.fd = child.stdout
        self.pending = b""
        self._buffer = b""
        self._taken = 0
        self._output = Output()
        self._heard: Heard = lambda direction, line: None

    def begin(self, output: Output, heard: Heard) -> None:
        """A new match: count from zero. What the child wrote since the last one is still there to be read."""
        self._output, self._heard = output, heard
        self._taken, self.pending = len(self._buffer), b""

    def write(self, line: bytes) -> None:
        """Send a line, or as much as the pipe takes now; the rest is `pending`. Raises Closed."""
        sent = 0
        try:
            if not self.pending:
                sent = os.write(self.child.stdin, line)
        except BlockingIOError:
            pass
        except OSError:
            raise Closed from None
        finally:
            self._heard(">", line)  # only now, so that the bot is already thinking
        if self.pending:
            self.pending += line
        elif sent != len(line):
            self.pending = line[sent:]

    def flush(self) -> None:
        """Send more of what is pending. Raises Closed."""
        try:
            self.pending = self.pending[os.write(self.child.stdin, self.pending) :]
        except BlockingIOError:
            pass
        except OSError:
            raise Closed from None

    def fill(self) -> None:
        """Read what is there. Raises Flooded or Closed; whole lines that came before can still be taken."""
        try:
            data = os.read(self.fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise Closed
        self._buffer = buffer = self._buffer + data if self._buffer else data
        self._taken += len(data)
        if self._taken > self._output.match:
            raise Flooded(f"it wrote more than {self._output.match} bytes in one match")
        if len(buffer) > self._output.line and len(buffer) - 1 - buffer.rfind(b"\n") > self._output.line:
            raise Flooded(f"it wrote more than {self._output.line} bytes without ending the line")

    def line(self) -> bytes | None:
        """The next whole line, with its newline, or None. Raises Flooded for one that is too long."""
        buffer = self._buffer
        if not buffer or not (end := buffer.find(b"\n") + 1):
            return None
        if end == len(buffer):
            line, self._buffer = buffer, b""
        else:
            line, self._buffer = buffer[:end], buffer[end:]
        self._heard("<", line)
        if end > self._output.line:
            raise Flooded(f"it wrote a line of {end} bytes; {self._output.line} are allowed")
        return line

    @property
    def unread(self) -> int:
        """How many bytes were read and not taken."""
        return len(self._buffer)

    def forget(self) -> None:
        """Drop what has been read and not taken."""
        self._buffer = b""

    def why_closed(self) -> str:
        """Why there will be no more lines."""
        until = time.perf_counter() + _GRACE
        while self.child.exit is None and time.perf_counter() < until:
            time.sleep(0.001)
        if self.child.exit is None:
            return "it closed its input or its output while it was still running"
        return f"its process ended: {self.child.reason()}"
