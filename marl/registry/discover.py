"""Finding plugins: the entry points of group `marl`, distribution by distribution.

pluggy's own loader stops at the first entry point that fails, and `importlib.metadata.entry_points` at the first
malformed file; here neither stops the others.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterable

import marl
from marl.registry.installed import Distribution, distributions, entry_points
from marl.registry.plugin import BUILTIN, DISTRIBUTION, Plugin

GROUP = "marl"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*\Z")


def discover(places: Iterable[str] = ()) -> list[Plugin]:
    """Every plugin that there is, not yet imported: the built-in one, then by distribution and name, then those that
    are not installed (`marl.registry.local`).

    Of two that claim one name the first keeps it; the second is broken, and both are told. A checkout goes before the
    same distribution as it is installed.
    """
    builtin = Plugin(BUILTIN, DISTRIBUTION, marl.__version__, "marl.builtin")
    found = sorted(
        _installed(), key=lambda p: (_normal(p.distribution) != DISTRIBUTION, _normal(p.distribution), p.name)
    )
    if places:
        found = _with_local(found, places)
    owners: dict[str, Plugin] = {}
    for plugin in [builtin, *found]:
        owner = owners.setdefault(plugin.name, plugin)
        if owner is not plugin:
            _conflict(owner, plugin)
    return [builtin, *found]


def _with_local(found: list[Plugin], places: Iterable[str]) -> list[Plugin]:
    from marl.registry.local import local_plugins

    local = local_plugins(places)
    theirs = {_normal(plugin.distribution) for plugin in local}
    return [*(plugin for plugin in found if _normal(plugin.distribution) not in theirs), *local]


def _conflict(owner: Plugin, second: Plugin) -> None:
    mend = f"rename {second.file}" if second.place else f"`marl plugins remove {second.distribution}`, or the other one"
    second.fail(
        "broken",
        f"claims the plugin name {owner.name!r}, which {owner.origin} has already; "
        f"{second.origin} was not loaded: {mend}",
    )
    owner.notes.append(f"{second.origin} claims the name {owner.name!r} too, and was not loaded")


def _installed() -> list[Plugin]:
    plugins: list[Plugin] = []
    seen: dict[str, Distribution] = {}
    for distribution in distributions():
        if f"[{GROUP}]" not in distribution.points.replace(" ", ""):
            continue
        # a damaged distribution still has a place in the list
        name = distribution.name or os.path.basename(distribution.folder).rpartition("-")[0] or "unknown"
        first = seen.setdefault(_normal(name), distribution)
        if first is distribution:  # the first on sys.path hides later ones, as it does for imports
            plugins += _plugins(distribution, name)
        elif os.path.dirname(first.folder) == os.path.dirname(distribution.folder):
            _note_second(plugins, name, distribution)
    return plugins


def _note_second(plugins: Iterable[Plugin], name: str, second: Distribution) -> None:
    """Two versions in one folder: an installation that was not finished."""
    for plugin in plugins:
        if _normal(plugin.distribution) == _normal(name):
            versions = " and ".join(sorted((plugin.version, second.version)))
            plugin.notes.append(
                f"is of {plugin.distribution}, which is here in two versions ({versions}), in one folder: "
                f"`pip install --force-reinstall {plugin.distribution}` leaves one, or delete {second.folder}"
            )


def _plugins(distribution: Distribution, name: str) -> list[Plugin]:
    try:
        points = entry_points(distribution.points, GROUP)
    except ValueError as error:
        plugin = Plugin(name, name, distribution.version, "")
        plugin.fail("broken", f"its entry_points.txt cannot be read: {error}")
        return [plugin]
    plugins = []
    for point, value in points:
        plugin = Plugin(point, name, distribution.version, value, file=_file(value))
        if not _NAME.match(point):
            plugin.fail("broken", f"plugin name {point!r} is not made of letters, digits, '_', '-' and '.'")
        if not distribution.name:
            plugin.notes.append(f"is of a distribution without a name: {distribution.folder} is damaged, install again")
        plugins.append(plugin)
    return plugins


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _file(value: str) -> str:
    """Where the plugin's top-level package lies, without importing it."""
    try:
        spec = importlib.util.find_spec(value.partition(":")[0].partition(".")[0])
    except (ImportError, ValueError):
        return ""
    return (spec.origin or "") if spec else ""
