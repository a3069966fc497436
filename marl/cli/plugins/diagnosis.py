"""Why a plugin does not work: its likely cause, the line to look at, and the command that mends it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

from marl.cli.plugins.needs import unmet
from marl.cli.plugins.shown import remarks
from marl.registry import API_VERSION, Plugin
from marl.registry.plugin import DISTRIBUTION

FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)
_MISSING = re.compile(r"No module named '(?P<module>[\w.]+)'")
_NO_NAME = re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'")


@dataclass(frozen=True)
class Diagnosis:
    """`cause`: a word for programs. `message`: a sentence. `where`: "file:line" or "". `mend`: a command, or advice."""

    plugin: str
    cause: str
    message: str
    where: str = ""
    mend: str = ""


def diagnose(plugin: Plugin) -> Iterator[Diagnosis]:
    """What is wrong with a plugin, the likely cause first; nothing for one that is well."""
    lacking = _lacking(plugin)
    if plugin.state == "disabled":
        yield Diagnosis(plugin.name, "disabled", plugin.error, mend=_switch(plugin))
    elif plugin.state == "incompatible":
        yield Diagnosis(plugin.name, "api", plugin.error, plugin.file, _for_api(plugin))
    elif plugin.state == "broken":
        yield _broken(plugin, lacking)
        return
    for needed, here in lacking:
        yield Diagnosis(plugin.name, "dependency", _needs(plugin, needed, here), mend=_bring(needed))
    for module, names in _absent(plugin).items():
        message = f"there is no module {module!r}, of which it describes {', '.join(names)}"
        yield Diagnosis(plugin.name, "target", message, plugin.file, "name in the descriptor the module that there is")
    for note in remarks(plugin):
        yield Diagnosis(plugin.name, "remark", f"it {note}", plugin.file)


def diagnose_target(plugin: Plugin, target: str, error: str) -> Diagnosis:
    """What is wrong with a thing that a plugin brings, and that could not be imported."""
    module, _, name = target.partition(":")
    if f"AttributeError: module {module!r} has no attribute {name.partition('.')[0]!r}" in error:
        mend = f"write {name} into the module {module}, or name in the descriptor what stands there"
        return Diagnosis(plugin.name, "target", error, mend=mend)
    found = _of_traceback(plugin, error, plugin.failures.get(target, ""), _lacking(plugin))
    return found or Diagnosis(plugin.name, "target", error, mend=f"see `marl plugins check {plugin.name}`")


def _broken(plugin: Plugin, lacking: list[tuple[Requirement, str]]) -> Diagnosis:
    if "claims the plugin name" in plugin.error:
        return Diagnosis(plugin.name, "name", plugin.error, plugin.file, _without(plugin))
    if found := _of_traceback(plugin, plugin.error, plugin.traceback, lacking):
        return found
    if "entry_points.txt" in plugin.error:
        return Diagnosis(plugin.name, "metadata", plugin.error, mend=_again(plugin))
    if "MARL_API" in plugin.error:
        return Diagnosis(plugin.name, "api", plugin.error, plugin.file, _range())
    return Diagnosis(plugin.name, "broken", plugin.error, plugin.file, _edit(plugin, plugin.file))


def _of_traceback(plugin: Plugin, error: str, trace: str, lacking: list[tuple[Requirement, str]]) -> Diagnosis | None:
    """The cause of what was raised by an import or a hook; None where nothing was raised."""
    where = place_in(plugin, trace)
    if missing := _MISSING.search(error):
        return _missing(plugin, missing["module"], where, error, lacking)
    if gone := _NO_NAME.search(error):
        mend = _bring(lacking[0][0]) if lacking else _again(plugin)
        message = f"{gone['module']} has no {gone['name']}: it is of another version than this plugin was written for"
        return Diagnosis(plugin.name, "version", f"{message} ({error})", where, mend)
    return Diagnosis(plugin.name, "error", error, where, _edit(plugin, where)) if trace else None


def _missing(plugin: Plugin, module: str, where: str, error: str, lacking: list[tuple[Requirement, str]]) -> Diagnosis:
    top = module.partition(".")[0]
    if top == plugin.value.partition(".")[0].partition(":")[0]:
        message = f"its own module {module!r} is not there: its installation is not whole, or its entry point is wrong"
        return Diagnosis(plugin.name, "module", message, where, _again(plugin))
    for needed, here in lacking:
        if _alike(needed.name, top) or len(lacking) == 1:
            return Diagnosis(
                plugin.name, "dependency", f"{_needs(plugin, needed, here)} ({error})", where, _bring(needed)
            )
    message = f"{error}; its distribution does not say that it needs it"
    return Diagnosis(plugin.name, "dependency", message, where, f"{_pip()} install {top}")


def place_in(plugin: Plugin, trace: str) -> str:
    """The line of a formatted traceback to look at, "file:line": the plugin's own last one, or a syntax error's."""
    frames = [(match["file"], match["line"]) for match in FRAME.finditer(trace)]
    frames = [frame for frame in frames if not frame[0].startswith("<")]
    own = [frame for frame in frames if is_own(plugin, frame[0])]
    if "SyntaxError" in trace or "IndentationError" in trace:
        own = frames[-1:]
    return ":".join(own[-1]) if own else ""


def is_own(plugin: Plugin, file: str) -> bool:
    """Whether a file is of a plugin's own packages."""
    targets = [plugin.value, *(descriptor.target for descriptor in plugin.descriptors)]
    packages = {target.partition(":")[0].partition(".")[0] for target in targets}
    path = Path(file)
    return file == plugin.file or path.stem in packages or not packages.isdisjoint(path.parts)


def _lacking(plugin: Plugin) -> list[tuple[Requirement, str]]:
    if plugin.place or plugin.distribution == DISTRIBUTION:
        return []
    try:
        return unmet(metadata.distribution(plugin.distribution))
    except (metadata.PackageNotFoundError, ValueError):
        return []


def _absent(plugin: Plugin) -> dict[str, list[str]]:
    """Modules that are not there, with the names of what is described as being in them. Nothing is imported."""
    absent: dict[str, list[str]] = {}
    for descriptor in plugin.descriptors:
        module = descriptor.target.partition(":")[0]
        if module not in sys.modules and not _is_there(module):
            absent.setdefault(module, []).append(descriptor.name)
    return absent


def _is_there(module: str) -> bool:
    top, *rest = module.split(".")
    spec = find_spec(top)
    for part in rest:
        top = f"{top}.{part}"
        spec = spec and PathFinder.find_spec(top, spec.submodule_search_locations)
    return spec is not None


def _needs(plugin: Plugin, needed: Requirement, here: str) -> str:
    has = f"here is {here}" if here else "it is not installed"
    return f"{plugin.distribution} needs {needed.name}{needed.specifier}, and {has}"


def _bring(needed: Requirement) -> str:
    text = f"{needed.name}{needed.specifier}"
    return f'{_pip()} install "{text}"' if needed.specifier else f"{_pip()} install {text}"


def _pip() -> str:
    return f"{sys.executable} -m pip"


def _alike(distribution: str, module: str) -> bool:
    """Whether a distribution probably brings a module: `opencv-python` none of `cv2`, but most do."""
    plain = re.sub(r"[-_.]", "", distribution).lower()
    return re.sub(r"[-_.]", "", module).lower() in plain


def _again(plugin: Plugin) -> str:
    if plugin.place:
        return f"look at the entry points in {Path(plugin.place) / 'pyproject.toml'}"
    return f"{_pip()} install --force-reinstall --no-deps {plugin.distribution}"


def _without(plugin: Plugin) -> str:
    return f"rename {plugin.file}" if plugin.place else f"marl plugins remove {plugin.distribution}"


def _edit(plugin: Plugin, where: str) -> str:
    return f"mend it there, or do without it: marl plugins disable {plugin.name}" if where else _disable(plugin)


def _disable(plugin: Plugin) -> str:
    return f"marl plugins disable {plugin.name}"


def _switch(plugin: Plugin) -> str:
    if "marl plugins enable" in plugin.error:
        return f"marl plugins enable {plugin.name}"
    return "" if "safe mode" in plugin.error else f"unset {plugin.error.split()[0]}"


def _for_api(plugin: Plugin) -> str:
    if plugin.error.endswith("upgrade marl"):
        return f"{_pip()} install --upgrade {DISTRIBUTION}, or an older {plugin.distribution}"
    return _range() if plugin.place else f"marl plugins upgrade {plugin.name}"


def _range() -> str:
    return f"write MARL_API = '>={API_VERSION},<{API_VERSION + 1}' once it follows docs/hooks.md"
