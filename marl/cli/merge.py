"""Commands that are imported when they are used: marl's own, and after them those that plugins bring."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Container, Iterable
from functools import partial
from typing import Any

import click

from marl.cli.command import Command, command
from marl.errors import UserError, suggestion
from marl.printable import printable
from marl.registry import COMMANDS, Descriptor, Registry, blamed, load_registry


class LazyCommand(Command):
    """Stands for a command until it is used."""

    def __init__(self, name: str, summary: str, load: Callable[[], click.Command]) -> None:
        super().__init__(name, help=printable(summary))
        self._load = load

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> click.Context:
        """Import the command, and parse its arguments in place of this one's."""
        return self._load().make_context(info_name, args, parent, **extra)


class TyperCommand(click.Command):
    """A command that a plugin has written for typer, which reads its arguments and draws its help."""

    def __init__(self, name: str, made: Any) -> None:
        super().__init__(name)
        self._made = made

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> click.Context:
        """Leave all arguments to typer."""
        context = click.Context(self, parent, info_name)
        context.args = list(args)
        return context

    def invoke(self, ctx: click.Context) -> None:
        """Let typer run it."""
        self._made.main(args=ctx.args, prog_name=ctx.command_path)


def own(descriptors: Iterable[Descriptor]) -> dict[str, click.Command]:
    """Commands of marl's own, by name."""
    return {found.name: LazyCommand(found.name, found.summary, partial(_imported, found)) for found in descriptors}


def brought(own: Container[str]) -> dict[str, click.Command]:
    """The commands of plugins by name: short while only one plugin and none of marl's `own` has it, else in full."""
    registry = load_registry()
    found = registry.all(COMMANDS.name)
    names = [descriptor.name for descriptor in found]
    called = {d.full_name if names.count(d.name) > 1 or d.name in own else d.name: d for d in found}
    return {name: LazyCommand(name, d.summary, partial(imported, registry, d)) for name, d in called.items()}


def imported(registry: Registry, descriptor: Descriptor) -> click.Command:
    """The command that a descriptor describes. Raises UserError or RunError, naming its plugin, where it is none."""
    target = registry.load(descriptor)
    right = "a marl.cli.command.Commands, or a function with parameters of types that a command line can give (str, "
    right += "int, float, bool, Path, ...)"
    with blamed(registry.describe(COMMANDS.name, descriptor.full_name), "building the command", right):
        if made := _built(target, descriptor.name):
            return made
    raise UserError(f"the command {descriptor.full_name!r} is {target!r}, which is neither a Commands nor a function")


def sentence_about(name: str, known: list[str]) -> str:
    """Why there is no command of that name."""
    same = [full for full in known if full.endswith(f"/{name}")]
    if same:
        return f"the command {name!r} is ambiguous: {' and '.join(same)} have it; write the full name"
    absent = [plugin for plugin in load_registry().plugins if plugin.name == name and plugin.state != "ok"]
    if absent:
        return f"no command {name!r}: plugin {name!r} is {absent[0].state}; see `marl plugins info {name}`"
    return f"no command {name!r}{suggestion(name, known)}"


def _imported(descriptor: Descriptor) -> click.Command:
    module, _, attribute = descriptor.target.partition(":")
    made = _built(getattr(importlib.import_module(module), attribute), descriptor.name)
    assert made is not None
    return made


def _built(target: Any, name: str) -> click.Command | None:
    """The command that a target is, or None where it is none."""
    if isinstance(target, click.Command):
        return target
    if type(target).__module__.partition(".")[0] == "typer" or _for_typer(target):
        return TyperCommand(name, _typer(target, name))
    return command(target, name) if callable(target) else None


def _for_typer(target: Any) -> bool:
    """Whether a function says of its parameters what only typer understands."""
    said = getattr(target, "__defaults__", None) or ()
    return any(type(default).__module__.partition(".")[0] == "typer" for default in said)


def _typer(target: Any, name: str) -> Any:
    import typer

    if isinstance(target, typer.Typer):
        return typer.main.get_group(target)
    single = typer.Typer(add_completion=False)
    single.command(name)(target)
    return typer.main.get_command(single)
