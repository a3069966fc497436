"""Scenarios: YAML files that describe one runnable experiment, checked against the dataclasses of whoever runs them."""

from marl.registry.component import Component, component
from marl.scenario.library import available, locate
from marl.scenario.load import load_scenario
from marl.scenario.plain import plain
from marl.scenario.record import FILE, provenance, write
from marl.scenario.run import load_run, runs_here
from marl.scenario.scenario import Scenario

__all__ = [
    "FILE",
    "Component",
    "Scenario",
    "available",
    "component",
    "load_run",
    "load_scenario",
    "locate",
    "plain",
    "provenance",
    "runs_here",
    "write",
]
