"""Commands that plugins bring: listed by their descriptors, imported when they are used."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import typer
from typer.core import TyperCommand

from marl.errors import UserError, suggestion
from marl.printable import printable
from marl.registry import COMMANDS, Descriptor, Registry, blamed, load_registry


class LazyCommand(TyperCommand):
    """Stands for a command until it is used."""

    def __init__(self, name: str, descriptor: Descriptor) -> None:
        super().__init__(name, callback=None, help=printable(descriptor.summary), rich_markup_mode="rich")
        self._descriptor = descriptor

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the command, and parse its arguments in place of this one's."""
        return self._load().make_context(info_name, args, parent, **extra)

    def _load(self) -> Any:
        return imported(load_registry(), self._descriptor)


def imported(registry: Registry, descriptor: Descriptor) -> Any:
    """The command that a descriptor describes. Raises UserError or RunError, naming its plugin, where it is none."""
    target = registry.load(descriptor)
    right = "a typer.Typer, or a function with parameters of types that typer knows (str, int, float, bool, Path, ...)"
    with blamed(registry.describe(COMMANDS.name, descriptor.full_name), "building the command", right):
        if isinstance(target, typer.Typer):
            return typer.main.get_group(target)
        if callable(target):
            single = typer.Typer(add_completion=False, rich_markup_mode="rich")
            single.command(descriptor.name)(target)
            return typer.main.get_command(single)
    raise UserError(
        f"the command {descriptor.full_name!r} is {target!r}, which is neither a typer.Typer nor a function"
    )


def brought(own: Container[str]) -> dict[str, Any]:
    """The commands of plugins by name: short while only one plugin and none of marl's `own` has it, else in full."""
    found = load_registry().all(COMMANDS.name)
    names = [descriptor.name for descriptor in found]
    called = {d.full_name if names.count(d.name) > 1 or d.name in own else d.name: d for d in found}
    return {name: LazyCommand(name, descriptor) for name, descriptor in called.items()}


def sentence_about(name: str, known: list[str]) -> str:
    """Why there is no command of that name."""
    same = [full for full in known if full.endswith(f"/{name}")]
    if same:
        return f"the command {name!r} is ambiguous: {' and '.join(same)} have it; write the full name"
    absent = [plugin for plugin in load_registry().plugins if plugin.name == name and plugin.state != "ok"]
    if absent:
        return f"no command {name!r}: plugin {name!r} is {absent[0].state}; see `marl plugins info {name}`"
    return f"no command {name!r}{suggestion(name, known)}"
