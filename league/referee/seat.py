"""Seats: where a player sits during a match. The referee asks a seat, and is answered at once or later.

A `Player` is who takes part in many matches; `sit` gives it a seat for one of them. Bots sit at a `BotSeat`
(league.referee.process), policies at a `PolicySeat`, people at a `HumanSeat`, engines at a `UciSeat`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from league.referee.clocks import Clocks, Output, Spent
from league.referee.encode import Pen
from league.referee.verdict import Verdict
from marl.env import Environment, EnvSpec, Frame, Rows
from marl.snapshot import JSON
from marl.types import Array

Heard: TypeAlias = Callable[[str, bytes], None]  # direction (">" to the bot, "<" from it) and line, for the transcript


@dataclass(frozen=True)
class Table:
    """What everybody at one match is told before it starts, except `seed`, `matches` and `log`, which are the host's.

    `matches`: what all matches of the host are played on, for policies that search. `log`: the folder for what bots
    write on their standard error, or None to drop it.
    """

    match: str
    environment: str
    params: Mapping[str, JSON]
    spec: EnvSpec
    side: int
    seed: int
    clocks: Clocks
    output: Output
    pens: Sequence[Pen]
    secret: bytes
    heard: Heard
    render: Callable[[], Frame]
    matches: Environment
    log: Path | None = None


@dataclass(slots=True)
class View:
    """One agent that must act: row `row` of `rows`, which are of group `rows.group`."""

    agent: int
    rows: Rows
    row: int

    @property
    def mask(self) -> Array | None:
        """What it may do, `bool[mask_width]`, or None where everything is legal."""
        return None if self.rows.mask is None else self.rows.mask[self.row]


@dataclass(slots=True)
class Request:
    """A side's move: the `views` of its agents that must act, at the match's tick `tick`.

    `spent`: the clock of each side. `history`: for each tick so far, the action of each agent that acted; for seats
    that the host trusts.
    """

    views: list[View]
    tick: int
    spent: Sequence[Spent]
    history: Sequence[Mapping[int, Any]]


@dataclass(slots=True)
class Answer:
    """What a seat says: the actions of the views that were asked (empty: it is ready), or a fault and its reason."""

    actions: Sequence[Any] = ()
    fault: Verdict | None = None
    reason: str = ""


class Seat(Protocol):
    """One side of one match. `fd`: what becomes readable when it answers later, or -1 if it always answers at once.

    `timed`: whether clocks apply. `blocking`: whether it may keep the referee waiting (a person at the terminal).
    `frozen`: whether it is stopped.
    """

    fd: int
    timed: bool
    blocking: bool
    frozen: bool

    def begin(self) -> Answer | None:
        """Say hello. An answer without actions means that it is ready; None, that `read` will tell."""

    def ask(self, request: Request) -> Answer | None:
        """Ask for a move; None: `read` will tell."""

    def read(self) -> Answer | None:
        """`fd` is readable: the answer, if it is complete."""

    def unsent(self) -> int:
        """The descriptor to wait for until more of the last line can be sent, or -1."""

    def send(self) -> None:
        """Send more of it."""

    def freeze(self) -> None:
        """It is not its turn, and will not be for a while."""

    def over(self, result: Mapping[str, JSON]) -> None:
        """Tell it how the match ended; it may not answer."""

    def close(self, healthy: bool) -> None:
        """Leave the table. Nothing of it runs on afterwards, unless its player keeps it and it is `healthy`."""


class Player(Protocol):
    """Who takes part. `name` is what the ledger calls it."""

    name: str

    def sit(self, table: Table) -> Seat:
        """A seat for one match. Raising means that the host failed, not the player."""

    def close(self) -> None:
        """No more matches: end what is kept."""
