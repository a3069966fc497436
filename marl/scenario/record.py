"""What a run keeps of its scenario: the resolved text, with versions and hashes of all code it used."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marl.blobs import write_atomically
from marl.registry import RUNNERS, Component, Registry
from marl.registry.code import package_hash
from marl.registry.plugin import BUILTIN
from marl.scenario.lock import Lock, lock, with_needed
from marl.scenario.lock import write as write_lock
from marl.scenario.scenario import Scenario

FILE = "scenario.yaml"
_TYPED = re.compile(r"(?<![\w./-])([\w.-]+)/\w")


def provenance(registry: Registry, scenario: Scenario) -> dict[str, dict[str, str]]:
    """The distributions that a scenario uses: `{"marl-classic": {"version": "0.1.0", "marl_classic": "<sha256>"}}`.

    Each import package of a distribution has the SHA-256 of its Python files, since an editable install changes
    without changing its version.
    """
    names = _plugins(registry, scenario)
    used: dict[str, dict[str, str]] = {}
    for plugin in registry.plugins:
        if plugin.name in names and plugin.state == "ok":
            entry = used.setdefault(plugin.distribution, {"version": plugin.version})
            package, digest = package_hash(plugin)
            entry[package] = digest
    return dict(sorted(used.items()))


def locked(registry: Registry, scenario: Scenario) -> Lock:
    """What `lock.json` says of a run of it, here and now."""
    return lock(registry, _plugins(registry, scenario))


def _plugins(registry: Registry, scenario: Scenario) -> set[str]:
    """The plugins that a scenario names, with those that they need."""
    runner = registry.find(RUNNERS, scenario.kind)
    named = {BUILTIN, runner.plugin, *(name.partition("/")[0] for name in components(scenario.config))}
    typed = set(_TYPED.findall(scenario.text))  # as bots of a tournament are, which are texts
    return with_needed(named | {one.name for one in registry.plugins if one.name in typed}, registry)


def write(scenario: Scenario, registry: Registry, out: Path) -> Path:
    """Write `out/scenario.yaml` and `lock.json` beside it, each whole or not at all; `marl resume` and `marl run` read
    them. Makes `out`.
    """
    lines = ["# Resolved by marl. `marl resume` on this directory goes on with the run."]
    for distribution, entry in provenance(registry, scenario).items():
        parts = [f"{key} {value}" for key, value in entry.items() if key != "version"]
        lines.append(f"# uses {distribution} {entry['version']}: {', '.join(parts)}")
    out.mkdir(parents=True, exist_ok=True)
    path = out / FILE
    write_lock(locked(registry, scenario), out)
    write_atomically(path, ("\n".join(lines) + "\n" + scenario.text).encode())
    return path


def changed(scenario: Scenario, registry: Registry, since: str = "this run began") -> list[str]:
    """What differs between the code that a run directory's scenario was written with, and the code here.

    Nothing where the scenario is no run's. `since`: when that was, in words.
    """
    before = [line for line in scenario.source.read_text(encoding="utf-8").splitlines() if line.startswith("# uses ")]
    old = {line.split()[2]: line.split(maxsplit=3)[3] for line in before if len(line.split()) > 3}
    notes = []
    for distribution, entry in provenance(registry, scenario).items():
        parts = ", ".join(f"{key} {value}" for key, value in entry.items() if key != "version")
        if old.get(distribution, "") not in ("", f"{entry['version']}: {parts}"):
            was, now = old[distribution].partition(":")[0], entry["version"]
            versions = f"was {was}, now {now}" if was != now else f"its code, not its version {now}".rstrip()
            versions = versions if now else "its code"  # a single file has no version
            notes.append(f"{distribution} has changed since {since} ({versions})")
    return notes


def components(value: Any) -> Iterator[str]:
    """The full names of all components in a configuration."""
    if isinstance(value, Component):
        yield value.name
        value = value.params
    if dataclasses.is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        if isinstance(kind := value.get("kind"), str) and "/" in kind:  # a network's is a name, and no component
            yield kind
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from components(item)
