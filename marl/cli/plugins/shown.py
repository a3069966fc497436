"""Plugins and what they bring, as rows of JSON and as words."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from marl.printable import printable
from marl.registry import COMMANDS, Descriptor, Plugin, Registry
from marl.registry.descriptor import singular


def counted(descriptors: Iterable[Descriptor]) -> str:
    """As in "1 runner, 3 commands"."""
    counts = Counter(descriptor.kind for descriptor in descriptors)
    return ", ".join(f"{count} {singular(kind) if count == 1 else kind}" for kind, count in counts.items())


def summary(plugin: Plugin) -> dict[str, Any]:
    """A plugin as a row of `plugins list --json`."""
    fields = ("name", "state", "distribution", "version", "file", "place", "api", "error")
    return {field: getattr(plugin, field) for field in fields} | {
        "notes": list(remarks(plugin)),
        "provides": [f"{descriptor.kind}: {descriptor.full_name}" for descriptor in plugin.descriptors],
    }


def described(descriptor: Descriptor) -> dict[str, Any]:
    """A descriptor as a row of JSON."""
    return asdict(descriptor) | {"params": _params(descriptor), "full_name": descriptor.full_name}


def remark(registry: Registry, plugins: Iterable[Plugin]) -> None:
    """Remarks about settings and plugins, on stderr."""
    notes = [*registry.notes, *(f"{plugin.name} {note}" for plugin in plugins for note in remarks(plugin))]
    for note in notes:
        print(f"note: {printable(note)}", file=sys.stderr)


def remarks(plugin: Plugin) -> Iterator[str]:
    """What was noticed about a plugin that does not stop it."""
    from marl.cli.app import OWN

    yield from plugin.notes
    own = {one.name for one in OWN}
    for descriptor in plugin.descriptors:
        if descriptor.kind == COMMANDS.name and descriptor.name in own:
            called = f"its own is `marl {descriptor.full_name}`"
            yield f"brings the command {descriptor.name!r}, which marl has already: {called}; choose another name"


def _params(descriptor: Descriptor) -> str | None:
    params = descriptor.params
    return f"{params.__module__}:{params.__qualname__}" if isinstance(params, type) else params
