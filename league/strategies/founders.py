"""Founders: whom each side starts with."""

from __future__ import annotations

from marl.env import EnvSpec
from marl.errors import UserError
from marl.registry import Component, Registry
from marl.registry.component import is_path
from marl.run.players import contestant, typed
from marl.services import scripted
from marl.snapshot import Snapshot


def opposed(spec: EnvSpec, strategy: str, why: str) -> None:
    """Raises UserError unless there are two sides that want the opposite, which a strategy needs; `why`: in words."""
    if len(spec.sides) != 2 or not spec.zero_sum:
        raise UserError(f"{strategy} needs a zero-sum game of two sides: {why}")


def founders_of(founder: Component, spec: EnvSpec, registry: Registry) -> list[list[Snapshot]]:
    """The founders of each side: a policy, a player of another run, or all in the mixture of another league.

    Raises UserError where it is nobody, or did not learn to play every side.
    """
    if not is_path(founder.name) and " " not in founder.name:
        return [[scripted(founder)] for _ in spec.sides]
    found = contestant(typed(founder, registry), registry)
    if found.sides is not None and len(found.sides) < len(spec.sides):
        raise UserError(f"founder: {found.name} learned to play {len(found.sides)} of {len(spec.sides)} sides only")
    return [[snapshot for snapshot, _ in found.on(side)] for side in range(len(spec.sides))]
