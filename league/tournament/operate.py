"""Running an event: checks the sandbox, sets up workers and budget, and shows what happens."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import cast

from league.sandbox import Sandbox
from league.schedules import Pairing
from league.tournament.budget import Budget, Need, memory_available
from league.tournament.event import Event
from league.tournament.host import Host
from league.tournament.play import Table
from league.tournament.progress import Display
from league.tournament.workers import Pool, Processes
from league.tournament.workers.cluster import Cluster
from marl.errors import UserError

STRANGERS = 2  # the least tier for bots from strangers: bubblewrap


@dataclass(frozen=True)
class Options:
    """How to run: matches at once (0: as the event says), whether all bots are trusted, whether on Ray."""

    workers: int = 0
    trust: bool = False
    ray: bool = False


def operate(event: Event, options: Options, display: Display) -> None:
    """Play an event to its end. Raises UserError where it cannot be played here."""
    sandbox_for(event, options.trust)
    event.begin()
    size = options.workers or event.config.budget.matches or os.cpu_count() or 1
    table = Table(event.path, event.config)
    need = Needs(event)
    budget = budget_of(event)
    budget.check(need.most, "a match of this event")
    pool: Pool = Cluster(size, table, need.most.memory_mb) if options.ray else Processes(size, table)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    with closing(Host(event, pool, budget, need, owner)) as host, display:
        display.update(host)
        for finished in host.run():
            display.update(host, finished)


def sandbox_for(event: Event, trust: bool) -> Sandbox | None:
    """The event's sandbox, if anybody needs one. Raises UserError where it does not work here, or does not suffice."""
    if not any(bot.kind == "bot" for bot in event.roster()):
        return None
    chosen = event.config.sandbox
    sandbox = cast(Sandbox, event.registry.make("sandboxes", chosen.name, chosen.params))
    probe = sandbox.probe()
    if not probe.ok:
        raise UserError(f"the sandbox {sandbox.name!r} does not work on this machine: {probe.reason}")
    if sandbox.tier < STRANGERS and not trust:
        raise UserError(
            f"bots from strangers need the sandbox 'bubblewrap' or 'container', and this event has {sandbox.name!r}, "
            "which an attacker leaves at will; if you trust every bot like yourself, say --trust"
        )
    return sandbox


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
