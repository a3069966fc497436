"""lock.json: which plugins a run had, in which versions, and where they came from; and whether the same are here."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

import marl
from marl.blobs import write_atomically
from marl.errors import UserError
from marl.registry import Plugin, Registry
from marl.registry.code import package_hash
from marl.registry.plugin import DISTRIBUTION

FILE = "lock.json"
_VERSION = 1


@dataclass(frozen=True)
class Locked:
    """A plugin as a run had it.

    `package`: its top-level import package, and `sha256` that of its Python files (16 digits). `used`: the scenario
    names something of it, or what it names needs its distribution. `source`: what pip is given for the same again, ""
    where that is nothing that others have. `folder`: of its files, where it was not installed, or as it stood there.
    """

    name: str
    distribution: str
    version: str
    package: str
    sha256: str
    used: bool
    source: str
    folder: str


@dataclass(frozen=True)
class Lock:
    """What a run had. `requirements`: the versions of all that the distributions of the used plugins need."""

    python: str
    marl: str
    plugins: tuple[Locked, ...]
    requirements: dict[str, str]

    @property
    def used(self) -> list[Locked]:
        """The plugins that the run used."""
        return [one for one in self.plugins if one.used]


def lock(registry: Registry, used: Iterable[str]) -> Lock:
    """What this process has: all plugins that are loaded, of which `used` are those that the scenario uses."""
    names = set(used)
    rows = tuple(_locked(one, one.name in names) for one in registry.plugins if one.state == "ok")
    distributions = sorted({one.distribution for one in rows if one.used})
    return Lock(platform.python_version(), marl.__version__, rows, dict(_requirements(*distributions)))


def write(found: Lock, out: Path) -> None:
    """Write `out/lock.json`, whole or not at all."""
    text = json.dumps({"version": _VERSION, **asdict(found)}, indent=1)
    write_atomically(out / FILE, (text + "\n").encode())


def read(folder: Path) -> Lock:
    """The lock in a folder. Raises UserError where there is none, or it is damaged."""
    file = folder / FILE
    if not file.is_file():
        raise UserError(
            f"there is no {file}: --locked is for what a run or a bundle keeps, `marl run --locked RUN/scenario.yaml`"
        )
    try:
        said: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if said.pop("version") != _VERSION:
            raise UserError(f"{file} was written by another version of marl: run it without --locked")
        return Lock(**{**said, "plugins": tuple(Locked(**one) for one in said["plugins"])})
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{file} is damaged ({error}): restore a backup of it, or run without --locked") from None


def others(then: Lock, registry: Registry) -> Iterator[str]:
    """A sentence for each plugin that the run used and that is not here as it was: which, and how to get it."""
    here = {plugin.name: plugin for plugin in registry.plugins}
    for one in then.used:
        plugin, origin = here.get(one.name), f"{one.distribution} {one.version}".strip()
        if plugin is None:
            yield f"{origin} (plugin {one.name!r}) is not here: {_get(one)}{_there(one)}"
        elif plugin.state != "ok":
            yield f"plugin {one.name!r} is {plugin.state}: `marl plugins doctor {one.name}` says why"
        elif plugin.version != one.version:
            yield f"{one.distribution} is {plugin.version} here, and was {one.version}: {_get(one)}"
        elif (digest := package_hash(plugin)[1]) != one.sha256:
            yield (f"{origin} has other code here ({one.package} is {digest}, and was {one.sha256}): {_get(one)}")


def other_requirements(then: Lock, now: Lock) -> list[str]:
    """What else differs, as in "numpy 2.1.0 -> 2.2.0"."""
    pairs = [("Python", then.python, now.python)]
    pairs += [(name, old, now.requirements.get(name, "not here")) for name, old in then.requirements.items()]
    mine = {canonicalize_name(one.distribution) for one in then.plugins}
    return [f"{name} {old} -> {new}" for name, old, new in pairs if old != new and name not in mine]


def changes(then: Lock, now: Lock) -> dict[str, list[str]]:
    """By plugin, what it was and is: those that were used then, and are others now."""
    here = {one.name: one for one in now.plugins}
    return {
        f"plugin {one.name}": [_state(one), _state(here.get(one.name))]
        for one in then.used
        if _state(one) != _state(here.get(one.name))
    }


def _state(one: Locked | None) -> str:
    return f"{one.version} ({one.sha256})" if one else "not here"


def hold(then: Lock, registry: Registry, what: str) -> None:
    """Raises UserError, which names them all, where plugins are other ones than those that `what` was run with."""
    if found := list(others(then, registry)):
        raise UserError(f"--locked: {what} was run with other plugins than those here:\n  " + "\n  ".join(found))


def whence(error: str, run: Path, registry: Registry) -> str:
    """Where the plugin that `error` misses was read from when `run` was run, as the end of the sentence; or ""."""
    here = {plugin.name for plugin in registry.plugins}
    try:
        then = read(run)
    except UserError:  # it is there, or it is not: this only says more
        return ""
    for one in then.plugins:
        if one.folder and one.name not in here and f"no plugin {one.name!r} is installed" in error:
            return f"; this run had it from {one.folder}: `marl --plugin-dir {one.folder} ...` reads it from there"
    return ""


def _get(one: Locked) -> str:
    """How to get a plugin as it was."""
    if one.source:
        return f'`{sys.executable} -m pip install --force-reinstall --no-deps "{one.source}"`'
    if one.folder:
        return f"it was read from {one.folder}: get that back as it was (`marl scenarios bundle` takes it along)"
    return f'`{sys.executable} -m pip install --force-reinstall --no-deps "{one.distribution}=={one.version}"`'


def _there(one: Locked) -> str:
    """What to do where the folder that a plugin was read from still is one."""
    named = one.folder and not one.source and Path(one.folder).exists()
    return f"; if it still is there: `marl --plugin-dir {one.folder} ...`" if named else ""


def _locked(plugin: Plugin, used: bool) -> Locked:
    package, digest = package_hash(plugin)
    source, folder = ("", plugin.place) if plugin.place else _origin(plugin.distribution)
    return Locked(plugin.name, plugin.distribution, plugin.version, package, digest, used, source, folder)


@cache  # as this process imported it, whatever is installed meanwhile
def _origin(distribution: str) -> tuple[str, str]:
    """Source and folder of an installed distribution."""
    from importlib import metadata

    from marl.registry.origin import origin

    try:
        found = origin(metadata.distribution(distribution))
    except (metadata.PackageNotFoundError, ValueError):
        return "", ""
    return found.exact, found.folder


def with_needed(names: Iterable[str], registry: Registry) -> set[str]:
    """The plugins of these names, and those whose distributions theirs need: their code runs too."""
    chosen = set(names)
    asked = sorted({one.distribution for one in registry.plugins if one.name in chosen and not one.place})
    needed = {name for name, _ in _requirements(*asked)} - {DISTRIBUTION}
    return chosen | {one.name for one in registry.plugins if canonicalize_name(one.distribution) in needed}


@cache
def _requirements(*names: str) -> tuple[tuple[str, str], ...]:
    """Names and versions of these distributions and of all that they need."""
    from marl.registry.needs import closure

    return tuple((name, found.version) for name, found in closure(names).items())
