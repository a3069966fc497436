"""Sandboxes: where bots run. Four tiers behind one face; docs/sandboxes.md says what each one holds."""

from league.sandbox.archive import Size, build, unpack
from league.sandbox.base import Finished, Probe, Sandbox
from league.sandbox.child import Child
from league.sandbox.limits import Limits

__all__ = ["Child", "Finished", "Limits", "Probe", "Sandbox", "Size", "build", "unpack"]
