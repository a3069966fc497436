"""What is shown while an event is played: a live picture in terminals, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from league.ledger import MatchRow
from league.schedules import Place
from league.tournament.host import Host
from marl.printable import printable

SHOWN = 10  # places
REDRAW = 0.25  # seconds
PATIENCE = 30.0  # seconds between plain lines while little happens


class Display:
    """`with Display(console) as display: display.update(host, finished)`. No thread: workers may be forked."""

    def __init__(self, console: Console, live: bool = True) -> None:
        self.console, self.live = console, live
        self._live: Live | None = None
        self._began = self._drawn = time.monotonic()
        self._lined = 0
        self._done = self._before = 0

    def __enter__(self) -> Display:
        if self.live and self.console.is_terminal and not self.console.is_dumb_terminal:
            self._live = Live(console=self.console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, host: Host, finished: Sequence[MatchRow] | None = None) -> None:
        """Take the news; draw if it is time."""
        now = time.monotonic()
        self._done = len(host.matches)
        if finished is None:
            self._before = self._done
        for match in finished or ():
            if match.host_error:
                self._say(f"match {match.pairing} was broken off by the host: {match.host_error}")
        if self._live is not None:
            if now - self._drawn >= REDRAW or host.over:
                self._drawn = now
                self._live.update(picture(host, self._rate(now)), refresh=True)
        elif self._is_due(now, host.over):
            self._lined, self._drawn = self._done, now
            self.console.print(line(host, self._rate(now)), markup=False, soft_wrap=True)

    def _is_due(self, now: float, over: bool) -> bool:
        """Whether a plain line comes now: at 1, 2, 5, 10, 20, ... matches, at the end, and twice a minute."""
        fresh = self._done > self._lined
        return fresh and (over or milestone(self._done) > milestone(self._lined) or now - self._drawn >= PATIENCE)

    def _rate(self, now: float) -> float:
        return (self._done - self._before) / max(now - self._began, 1e-9)

    def _say(self, text: str) -> None:
        (self._live.console if self._live else self.console).print(printable(text), markup=False, soft_wrap=True)


def milestone(count: int) -> int:
    """The greatest of 1, 2, 5, 10, 20, 50, ... up to `count`; 0 below 1."""
    if count < 1:
        return 0
    power: int = 10 ** (len(str(count)) - 1)
    return max(digit * power for digit in (1, 2, 5) if digit * power <= count)


def line(host: Host, rate: float) -> str:
    """One line of a log."""
    known = len(host.due) - sum(pairing.id in host.matches for pairing in host.due)
    leader = leaders(host)[:1]
    parts = [
        f"{len(host.matches)} match{'es' if len(host.matches) != 1 else ''}",
        f"{known} more known" if known else "",
        f"{rate:.1f}/s" if rate >= 0.1 else "",
    ]
    parts.append(f"first {printable(leader[0].player)} with {leader[0].points:g}" if leader else "")
    return "  ".join(part for part in parts if part)


def leaders(host: Host) -> list[Place]:
    """The places so far."""
    return host.schedule.standing(host.results)[:SHOWN]


def picture(host: Host, rate: float) -> RenderableType:
    """The whole picture."""
    config = host.event.config
    going = [assignment for assignment, _ in host.running.values()]
    rounds = sorted({assignment.round for assignment in going})
    head = Text.assemble(
        (printable(config.name), "bold"), (f"  {config.env.name}  {config.schedule.name}\n", "grey58"),
        ("round ", "grey58"), ", ".join(map(str, rounds)) or "–",
        ("   matches ", "grey58"), (f"{len(host.matches):,}", "bold"),
        ("   running ", "grey58"), f"{len(going)} of {host.pool.size}", ("   waiting ", "grey58"),
        f"{max(len(host.due) - len(going), 0):,}", ("   ", ""), f"{rate:.1f}/s" if rate else "",
    )  # fmt: skip
    table = Table("", "player", "points", "played", box=None, header_style="grey58", padding=(0, 2, 0, 0))
    for place in leaders(host):
        table.add_row(f"{place.rank}", Text(printable(place.player), "bold"), f"{place.points:g}", f"{place.played}")
    now = Table("now", "", box=None, header_style="grey58", padding=(0, 2, 0, 0))
    for assignment in going[:SHOWN]:
        now.add_row(Text(printable(assignment.pairing)), Text(printable(" – ".join(assignment.players))))
    beside = Table.grid(padding=(0, 6))
    beside.add_row(table, now)
    return Group(head, Text(), beside)
