"""What is shown while an event is played: a live picture in terminals, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from league.ledger import MatchRow
from league.schedules import Place
from league.tournament.host import Host
from marl.printable import printable
from marl.terminal import display
from marl.terminal.picture import SOFT, STRONG

SHOWN = 10  # places


class Display(display.Display):
    """`with Display(console) as display: display.update(host, finished)`. No thread draws: workers may be forked.

    `live`: whether there may be a picture, which people at the terminal would not see through.
    """

    threaded, braille, transient = False, False, True

    def __init__(self, console: Console, live: bool = True) -> None:
        super().__init__(console)
        self._may = live
        self._host: Host | None = None
        self._began = self._drawn = time.monotonic()
        self._pace = display.Pace(0, self._began)
        self._before = self._said = 0

    @property
    def is_live(self) -> bool:
        """Whether there is a terminal for the picture alone."""
        return self._may and super().is_live

    def picture(self) -> RenderableType:
        """The picture of this moment."""
        return picture(self._host, self._rate(self._host)) if self._host is not None else Text()

    def update(self, host: Host, finished: Sequence[MatchRow] | None = None) -> None:
        """Take the news; draw if it is time."""
        self._host, done, now = host, len(host.matches), time.monotonic()
        if finished is None:
            self._before = done
        for match in finished or ():
            if match.host_error:
                self.say(f"match {match.pairing} was broken off by the host: {match.host_error}")
        if self.drawn:
            if now - self._drawn >= 1 / display.REFRESH or host.over:
                self._drawn = now
                self.redraw()
        elif done > self._said and (self._pace.due(done, now) or host.over):
            self._said = done
            self.say(line(host, self._rate(host)))

    def _rate(self, host: Host) -> float:
        return (len(host.matches) - self._before) / max(time.monotonic() - self._began, 1e-9)


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
        (printable(config.name), STRONG), (f"  {config.env.name}  {config.schedule.name}\n", SOFT),
        ("round ", SOFT), ", ".join(map(str, rounds)) or "–",
        ("   matches ", SOFT), (f"{len(host.matches):,}", STRONG),
        ("   running ", SOFT), f"{len(going)} of {host.pool.size}", ("   waiting ", SOFT),
        f"{max(len(host.due) - len(going), 0):,}", ("   ", ""), f"{rate:.1f}/s" if rate else "",
    )  # fmt: skip
    table = Table("", "player", "points", "played", box=None, header_style=SOFT, padding=(0, 2, 0, 0))
    for place in leaders(host):
        table.add_row(f"{place.rank}", Text(printable(place.player), STRONG), f"{place.points:g}", f"{place.played}")
    now = Table("now", "", box=None, header_style=SOFT, padding=(0, 2, 0, 0))
    for assignment in going[:SHOWN]:
        now.add_row(Text(printable(assignment.pairing)), Text(printable(" – ".join(assignment.players))))
    beside = Table.grid(padding=(0, 6))
    beside.add_row(table, now)
    return Group(head, Text(), beside)
