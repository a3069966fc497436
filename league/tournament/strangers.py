"""Bots from strangers run in a sandbox that holds, or not at all."""

from __future__ import annotations

from league.hookspecs import SANDBOXES
from league.sandbox import Sandbox
from league.tournament.event import Event
from marl.errors import UserError

TIER = 2  # bubblewrap: the least tier for bots from strangers


def sandbox_of(event: Event, trust: bool) -> Sandbox:
    """The event's sandbox. UserError where it does not work here, or does not suffice without `trust`."""
    chosen = event.config.sandbox
    sandbox = event.registry.make(SANDBOXES, chosen.name, chosen.params)
    if sandbox.tier < TIER and not trust:
        raise UserError(
            f"bots from strangers need the sandbox 'bubblewrap' or 'container', and this event has {sandbox.name!r}, "
            "which holds no attacker; if you trust every bot like yourself, say --trust"
        )
    probe = sandbox.probe()
    if not probe.ok:
        raise UserError(
            f"the sandbox {sandbox.name!r}, in which strangers' bots run, does not work on this machine: {probe.reason}"
        )
    return sandbox
