"""`marl plugins doctor`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict

from marl.cli.command import argument, option
from marl.cli.plugins.crashes import set_aside
from marl.cli.plugins.diagnosis import Diagnosis, diagnose, diagnose_target
from marl.cli.show import as_json
from marl.errors import UserError
from marl.printable import printable
from marl.registry import Plugin, Registry, load_registry


def doctor(
    name: str = argument(
        None, metavar="[NAME]", help="A plugin; its targets are imported too. All plugins without it."
    ),
    json: bool = option(False, "--json", help="Print JSON."),
) -> None:
    """Say what is wrong with plugins, why, and the command that mends it.

    Plugins are imported in another process first: one that crashes it is named, and left out. Exits with 1 where a
    plugin is broken or incompatible, or lacks something that it needs.
    """
    crashes = list(set_aside())
    registry = load_registry()
    if name is not None:
        registry.plugin(name)
    chosen = [plugin for plugin in registry.plugins if name in (None, plugin.name)]
    found = [one for one in crashes if name in (None, one.plugin)]
    crashed = {one.plugin for one in crashes}
    found += [one for plugin in chosen if plugin.name not in crashed for one in diagnose(plugin)]
    if name is not None:
        found += [one for plugin in chosen for one in _targets(registry, plugin)]
    found = list(dict.fromkeys(found))
    if json:
        as_json([asdict(one) for one in found])
    else:
        _print(registry, chosen, found)
    sys.exit(1 if any(one.cause not in ("disabled", "remark") for one in found) else 0)


def _targets(registry: Registry, plugin: Plugin) -> Iterator[Diagnosis]:
    """What cannot be imported of what a plugin describes."""
    for descriptor in plugin.descriptors:
        for target in (descriptor.target, descriptor.params):
            try:
                if target == descriptor.target:
                    registry.load(descriptor)
                elif isinstance(target, str):
                    registry.schema(descriptor)
            except UserError as error:
                yield diagnose_target(plugin, str(target), str(error))


def _print(registry: Registry, chosen: list[Plugin], found: list[Diagnosis]) -> None:
    for note in registry.notes:
        print(f"settings: {printable(note)}")
    for one in found:
        print(f"{one.plugin}: {printable(one.message)}")
        if one.where:
            print(f"  where    {printable(one.where)}")
        if one.mend:
            print(f"  to mend  {printable(one.mend)}")
    ill = {one.plugin for one in found if one.cause not in ("disabled", "remark")}
    well = len(chosen) - len({plugin.name for plugin in chosen} & ill)
    print(f"{len(chosen)} plugin{'s' if len(chosen) != 1 else ''}: {well} well, {len(ill)} to mend")
