"""What `marl plugins check` does to a scenario that a plugin brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marl.registry import Registry
from marl.scenario.load import load_scenario


def tried(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """Load it, with all that it names. Raises UserError for what is wrong in it; it takes no `params`."""
    load_scenario(name, [], registry)
    return ""
