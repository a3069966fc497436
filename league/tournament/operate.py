"""Running an event: checks the sandbox, sets up workers and budget, and shows what happens."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from dataclasses import dataclass, replace

from league.schedules import Pairing
from league.tournament.assignment import Assignment, Played
from league.tournament.budget import Budget, Need, memory_available
from league.tournament.event import Event
from league.tournament.host import Host
from league.tournament.people import Terminal
from league.tournament.play import Table
from league.tournament.progress import Display
from league.tournament.receive import sweep
from league.tournament.strangers import sandbox_of
from league.tournament.trial import check_that_some_start
from league.work import Pool, Processes
from league.work.cluster import Cluster
from marl.errors import UserError

MATCH = "a match of this event"


@dataclass(frozen=True)
class Options:
    """How to run: matches at once (0: as the event says), whether all bots are trusted, whether on Ray."""

    workers: int = 0
    trust: bool = False
    ray: bool = False


def operate(event: Event, options: Options, display: Display) -> None:
    """Play an event to its end. Raises UserError where it cannot be played here."""
    kinds = {bot.kind for bot in event.roster()}
    if "bot" in kinds:
        sandbox_of(event, options.trust)
        check_that_some_start(event)
    if "person" in kinds and (event.is_shared or options.ray):
        raise UserError("people play at the terminal of one host, and this event is shared by several")
    if not event.is_shared:
        sweep(event)
    event.begin()
    size = options.workers or event.config.budget.matches or os.cpu_count() or 1
    table = Table(event.path, replace(event.config, ledger=None))  # workers need no password
    need = Needs(event)
    budget = budget_of(event)
    budget.check(need.most, MATCH)
    pool: Pool[Assignment, Played]
    pool = Cluster(size, table, need.most.memory_mb) if options.ray else Processes(size, table)
    if "person" in kinds:
        pool = Terminal(pool, table)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    with closing(Host(event, pool, budget, need, owner)) as host:
        display.update(host)
        for finished in host.run():
            display.update(host, finished)


class Needs:
    """What the bots of a pairing may use at most."""

    def __init__(self, event: Event) -> None:
        limits = event.config.limits
        self._one = Need(limits.processes, limits.memory_mb)
        self._bots = {bot.name for bot in event.roster() if bot.kind == "bot"}
        self.most = sum((self._one for _ in range(min(len(event.spec.sides), len(self._bots)))), Need())

    def __call__(self, pairing: Pairing) -> Need:
        """The sum over the sides."""
        return sum((self._one for player in pairing.players if player in self._bots), Need())


def budget_of(event: Event) -> Budget:
    """What the event's matches may use together on this machine."""
    config = event.config.budget
    return Budget(config.processes, config.memory_mb or memory_available() * 4 // 5)
