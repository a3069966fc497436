"""What every sandbox offers: a probe, a way to start a bot, and a way to run a command to its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from league.sandbox.child import Child
from league.sandbox.limits import Limits


@dataclass(frozen=True)
class Probe:
    """What a sandbox can do on this machine, found out by trying."""

    ok: bool
    """Whether it works here at all."""
    reason: str
    """Why it does not, and what to install; empty where it does."""
    holds: tuple[str, ...] = ()
    """What it guarantees here, a phrase each."""


@dataclass(frozen=True)
class Finished:
    """A command that ran to its end, or was ended."""

    code: int | None
    """Its exit code; None when it was killed for taking too long or saying too much."""
    output: bytes
    """What it wrote, standard output and error together unless they were asked for apart; bounded."""
    reason: str
    """Why it ended, in words: "exit code 0", "out of memory", "took longer than 10 s" ..."""


class Sandbox(Protocol):
    """One tier of isolation. Instances are cheap, stateless and may be shared by threads."""

    name: str
    tier: int
    """0 none, 1 limits, 2 bubblewrap, 3 container. Bots from strangers require at least 2."""

    def probe(self) -> Probe:
        """Whether it works here and what it holds. Tried once per process."""

    def start(self, command: Sequence[str], folder: Path, limits: Limits, log: Path) -> Child:
        """Start a bot in `folder`, which it sees read-only as its current directory.

        Its standard error goes to `log`, up to `limits.log_kb`. Raises RunError when the host cannot start it; a
        command that does not exist is the bot's fault and shows as an exit code and in the log.
        """

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
        """Run a command to its end, for builds and checks.

        `stdin` is an open file for it to read; what it writes is kept up to `most` bytes, and more of it ends the
        command. Its standard error is part of the output unless a `log` is named for it.
        """
