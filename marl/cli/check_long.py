"""What `marl plugins check` does to an environment that conforms: play it for long, at random."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from marl.arena import Arena, Pairings
from marl.registry import ENVIRONMENTS, POLICIES, Descriptor, Registry
from marl.registry.plugin import BUILTIN

_LANES = 16
_TICKS = 5000
_SECONDS = 1.0


def played_long(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any]) -> None:
    """Some thousand ticks, or a second of computing, in which the arena looks at all that it gives.

    Raises RunError for what goes wrong once in a thousand steps.
    """
    environment = registry.make(ENVIRONMENTS, descriptor.full_name, params, lanes=_LANES)
    policy = registry.make(POLICIES, f"{BUILTIN}/random", {}, spec=environment.spec)
    arena, lineup = Arena(environment), [0] * len(environment.spec.sides)
    ticks, number, began = 0, 0, time.process_time()
    while ticks < _TICKS and time.process_time() - began < _SECONDS:
        ticks += int(arena.play([policy], Pairings.repeat([lineup], _LANES, seed=number)).length.sum())
        number += 1
