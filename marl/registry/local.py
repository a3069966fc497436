"""Plugins that are not installed: a file, the files of a folder, or a checkout, named by `MARL_PLUGIN_DIR`.

A file `nim.py` that has hooks is the plugin `nim`. A checkout is a folder whose pyproject.toml names plugins; it brings
those. Other processes (workers, Ray's too) inherit the variable, and the folders on `PYTHONPATH`.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from marl.errors import UserError
from marl.registry.plugin import PLUGIN_DIR, Plugin

_NO_PLUGINS = ("_", "test_", "conftest.py", "setup.py")  # how files begin that are not even looked into
_MARKS = ("hookimpl", "def marl_", "def league_")  # what a plugin has, and a module that one needs has not
_PYTHONS = sys.stdlib_module_names - {"test"}  # tests are called so, and nobody imports Python's
_PROJECT = "pyproject.toml"
_used: list[str] = []  # what `use` was told of; the environment, too, may name folders, and will still do so


def local_plugins(places: Iterable[str]) -> list[Plugin]:
    """The plugins of these folders and files, not yet imported; from now on they can be, here and in workers."""
    found: list[Plugin] = []
    for where in places:
        found += _checkout(Path(where)) if is_checkout(where) else _files(Path(where))
    return found


def is_checkout(path: str) -> bool:
    """Whether a folder is a distribution that could be installed."""
    return (Path(path) / _PROJECT).is_file()


def place(path: str) -> str:
    """A path as `Plugin.place` has it."""
    return str(Path(path).expanduser().absolute())


def places(text: str) -> tuple[tuple[str, ...], list[str]]:
    """The folders and files in a value of `MARL_PLUGIN_DIR`, absolute, and a remark for each that is neither."""
    here, notes = [], []
    for part in filter(None, text.split(os.pathsep)):
        path = Path(place(part))
        if path.is_dir() or (path.is_file() and path.suffix == ".py"):
            here.append(str(path))
        else:
            notes.append(f"{PLUGIN_DIR} names {part!r}, which is neither a folder nor a .py file")
    return tuple(here), notes


def use(path: str) -> None:
    """Look for plugins there too, here and in processes that this one starts. Raises UserError for another path."""
    found, notes = places(path)
    if notes or not found:
        raise UserError(f"{path!r} is neither a folder nor a .py file: plugins are looked for in those")
    _used[:] = [path]
    before = os.environ.get(PLUGIN_DIR, "").split(os.pathsep)
    os.environ[PLUGIN_DIR] = os.pathsep.join(dict.fromkeys(filter(None, [*found, *before])))


def again(command: str) -> str:
    """A command of marl, `marl ...`, as it has to be typed to find the plugins that this one was told of."""
    options = "".join(f" --plugin-dir {shlex.quote(path)}" for path in _used)
    return f"marl{options}{command.removeprefix('marl')}"


def _files(where: Path) -> Iterator[Plugin]:
    folder = where if where.is_dir() else where.parent
    files = [file for file in sorted(where.glob("*.py")) if _has_hooks(file)] if folder == where else [where]
    _reach(folder, first=False)  # last: no file here may stand in for a module that others import
    for file in files:
        plugin = Plugin(file.stem, file.name, "", file.stem, file=str(file), place=str(where))
        if not file.stem.isidentifier():
            plugin.fail("broken", f"{file} cannot be imported under its name: use letters, digits and '_'")
        elif (other := _origin(file.stem)) and other != str(file):
            plugin.fail("broken", f"its name is that of another module ({other}): rename {file}")
        yield plugin


def _has_hooks(file: Path) -> bool:
    if file.name.startswith(_NO_PLUGINS):
        return False
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(mark in text for mark in _MARKS)


def _checkout(where: Path) -> Iterator[Plugin]:
    file = where / _PROJECT
    try:
        project = _project(file)
        points = {str(name): str(value) for name, value in project.get("entry-points", {}).get("marl", {}).items()}
    except (AttributeError, OSError, ValueError) as error:
        yield _broken(where, f"{file} cannot be read: {error}")
        return
    if not points:
        yield _broken(where, f'{file} names no plugin: it needs [project.entry-points.marl] and NAME = "MODULE" below')
        return
    source = where / "src"
    if shadow := _shadow(source if source.is_dir() else where):
        yield _broken(where, f"{shadow} would stand in for Python's own module {shadow.stem!r}: rename it")
        return
    _reach(source if source.is_dir() else where, first=True)  # what is written wins over what is installed
    name, version = str(project.get("name", where.name)), str(project.get("version", ""))
    for point, value in points.items():
        origin = _origin(value.partition(":")[0].partition(".")[0])
        yield Plugin(point, name, version, value, file=origin, place=str(where))


def _shadow(folder: Path) -> Path | None:
    """A module that would be imported in place of one of Python's, by everybody: the folder goes first."""
    modules = [*folder.glob("*.py"), *(file.parent for file in folder.glob("*/__init__.py"))]
    return next((one for one in sorted(modules) if one.stem in _PYTHONS), None)


def _broken(where: Path, error: str) -> Plugin:
    plugin = Plugin(where.name, where.name, "", "", place=str(where))
    plugin.fail("broken", error)
    return plugin


def _project(file: Path) -> dict[str, Any]:
    import tomllib

    project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    if not isinstance(project, dict):
        raise ValueError("[project] is no table")
    return project


def _origin(module: str) -> str:
    """The file of a top-level module, or what else Python says of where it comes from; "" where there is none."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return ""
    return (spec.origin or "") if spec else ""


def _reach(folder: Path, *, first: bool) -> None:
    """Let this process, and those that it starts, import from a folder."""
    if str(folder) not in sys.path:
        sys.path.insert(0 if first else len(sys.path), str(folder))
        importlib.invalidate_caches()
    paths = list(filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
    if str(folder) not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *paths] if first else [*paths, str(folder)])
