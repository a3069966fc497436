"""Where scenarios are: those that come with marl and with plugins have names; any other is a path."""

from __future__ import annotations

from pathlib import Path

import marl
from marl.errors import UserError, suggestion
from marl.registry import SCENARIOS, Descriptor, Registry, wrong

SUFFIXES = (".yaml", ".yml")


def folder() -> Path:
    """The scenarios that come with marl: inside the installed package, or beside it in a checkout."""
    package = Path(marl.__file__).parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def available() -> dict[str, Path]:
    """Every scenario that comes with marl: name (the path below the folder, without suffix) to file."""
    root = folder()
    files = [file for file in sorted(root.rglob("*")) if file.suffix in SUFFIXES]
    return {file.relative_to(root).with_suffix("").as_posix(): file for file in files}


def brought(registry: Registry) -> dict[str, Descriptor]:
    """The scenarios of plugins, by full name."""
    return {found.full_name: found for found in registry.all(SCENARIOS)}


def file_of(descriptor: Descriptor, registry: Registry) -> Path:
    """The file of a plugin's scenario. Raises UserError or RunError, which names the plugin, where there is none."""
    path = registry.make(SCENARIOS, descriptor.full_name)
    if not isinstance(path, Path) or not path.is_file():
        right = "the pathlib.Path of a YAML file that is there"
        raise wrong(registry.describe(SCENARIOS, descriptor.full_name), "target()", path, right)
    return path


def locate(name_or_path: str, registry: Registry | None = None) -> Path:
    """The file of a scenario: a path if there is such a file, else a name. Raises UserError when it is neither.

    With a registry, those of its plugins are known too.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    known = available()
    if name_or_path in known:
        return known[name_or_path]
    theirs = brought(registry) if registry else {}
    if registry and name_or_path in theirs:
        return file_of(theirs[name_or_path], registry)
    if path.is_dir():
        raise UserError(f"{name_or_path} is a directory; a scenario is a YAML file")
    if path.suffix in SUFFIXES:
        here = [str(path.parent / file.name) for file in path.parent.glob("*") if file.suffix in SUFFIXES]
        close = suggestion(name_or_path, here) or suggestion(path.stem, known)
        raise UserError(f"there is no scenario file {name_or_path!r}{close}")
    raise UserError(f"there is no scenario {name_or_path!r}{suggestion(name_or_path, [*known, *theirs])}")
