"""A plugin `lab` on sys.path that brings a runner with a rich schema; a scenario of its kind; and its registry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from marl.registry import Registry
from marl.registry.discover import discover
from marl.registry.load import build
from marl.registry.settings import Settings
from marl.scenario import Scenario, load_scenario

LAB = """
from __future__ import annotations
from dataclasses import dataclass, field
from typing import Any
from marl.registry import Descriptor, hookimpl
from marl.scenario import Component, component

@dataclass
class Stop:
    iterations: int = 10
    gap: float | None = None

@dataclass
class Table:
    players: int = 2
    cards: int = 3
    label: str = ""

@dataclass(kw_only=True)
class Search:
    depth: int = 1
    helper: Component = component("policies", "lab/plain")

@dataclass(kw_only=True)
class Config:
    env: Component = component("environments")
    player: Component = component("policies", "lab/search")
    crowd: list[Component] = component("policies", default=())
    name: str = "lab"
    seed: int = 0
    rate: float = 0.1
    stop: Stop = field(default_factory=Stop)
    extra: dict[str, Any] = field(default_factory=dict)

@hookimpl
def marl_environments():
    return [Descriptor("table", "lab:make", "cards", params=Table), Descriptor("dice", "lab:make", "no cards")]

@hookimpl
def marl_policies():
    return [Descriptor("search", "lab:make", "s", params="lab:Search"), Descriptor("plain", "lab:make", "p")]

@hookimpl
def marl_runners():
    return [Descriptor("lab", "lab:run", "writes what it was told", params="lab:Config")]

def make(**params):
    return params

def run(scenario, registry, out, resume):
    from marl.scenario import write
    write(scenario, registry, out)
    print(f"ran {scenario.name} resume={resume}")
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    site = tmp_path / "site"
    info = site / "marl_lab-0.3.dist-info"
    info.mkdir(parents=True)
    (site / "lab.py").write_text(LAB)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: marl-lab\nVersion: 0.3\n")
    (info / "entry_points.txt").write_text("[marl]\nlab = lab\n")
    monkeypatch.syspath_prepend(str(site))
    yield build(discover(), Settings(frozenset({"lab"}), frozenset(), frozenset(), False))
    sys.modules.pop("lab", None)


@pytest.fixture
def load(tmp_path: Path, registry: Registry) -> Callable[..., Scenario]:
    """`load(yaml_text, "key=value", ...)`: the text in a file `probe.yaml`, loaded."""

    def load(text: str, *overrides: str) -> Scenario:
        path = tmp_path / "probe.yaml"
        path.write_text(text)
        return load_scenario(str(path), list(overrides), registry)

    return load
