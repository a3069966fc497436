"""The plugin host: finds plugins, keeps what they describe, and makes things of it.

Importing this package imports pluggy and the standard library, nothing heavy; so listing plugins is quick.
"""

from marl.registry.blame import blamed, wrong
from marl.registry.component import Component, component
from marl.registry.descriptor import Descriptor
from marl.registry.kind import (
    ALGORITHMS,
    COMMANDS,
    CURRICULA,
    DRAWERS,
    ENVIRONMENTS,
    LOSSES,
    MODELS,
    POLICIES,
    REPORT_SECTIONS,
    REPORTS,
    REWARDS,
    ROSTERS,
    RUNNERS,
    SCENARIOS,
    SINKS,
    TEAM_MODELS,
    Kind,
)
from marl.registry.load import load_registry
from marl.registry.markers import API_VERSION, hookimpl, hookspec
from marl.registry.params import ParameterError
from marl.registry.plugin import Plugin, State
from marl.registry.registry import Registry

__all__ = [
    "ALGORITHMS",
    "API_VERSION",
    "COMMANDS",
    "CURRICULA",
    "DRAWERS",
    "ENVIRONMENTS",
    "LOSSES",
    "MODELS",
    "POLICIES",
    "REPORTS",
    "REPORT_SECTIONS",
    "REWARDS",
    "ROSTERS",
    "RUNNERS",
    "SCENARIOS",
    "SINKS",
    "TEAM_MODELS",
    "Component",
    "Descriptor",
    "Kind",
    "ParameterError",
    "Plugin",
    "Registry",
    "State",
    "blamed",
    "component",
    "hookimpl",
    "hookspec",
    "load_registry",
    "wrong",
]
