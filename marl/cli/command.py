"""Commands as functions: their parameters are what the command line gives, their docstring is the help page.

    app = Commands("Look into a league: status, export.")

    @app.command()
    def status(run: Path = argument(metavar="RUN", help="The run directory."), last: int = option(10, min=1)) -> None:
        \"\"\"Where a league stands.\"\"\"

A parameter without `argument` or `option` is an argument where it has no default, and an option `--its-name` where it
has one. Types are str, int, float, bool, Path, a Literal, an Enum, typing.TextIO, one of them `| None`, and lists.
"""

from __future__ import annotations

import enum
import inspect
import os
import typing
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, TextIO, TypeVar

import click

from marl.cli.help import page

F = TypeVar("F", bound=Callable[..., Any])
_REQUIRED: Any = ...
_PLAIN = {str: click.STRING, bool: click.BOOL, TextIO: click.File("r", encoding="utf-8")}


@dataclass(frozen=True)
class _Declared:
    """What `argument` and `option` say of a parameter. Who calls a command from Python without it gets this: it counts
    as its default."""

    default: Any
    names: tuple[str, ...] | None  # None: an argument
    metavar: str
    help: str
    min: float | None = None
    max: float | None = None

    def __bool__(self) -> bool:
        return bool(self.default)


def argument(default: Any = _REQUIRED, *, metavar: str = "", help: str = "") -> Any:
    """A parameter by its place; a list takes all that are left. `default` where it may be left out."""
    return _Declared(default, None, metavar, help)


def option(
    default: Any, *names: str, metavar: str = "", help: str = "", min: float | None = None, max: float | None = None
) -> Any:
    """A parameter by its name, `--its-name` where none is given; `...` as its default where it must be given.

    A bool is a flag; without a name of its own it has two, `--its-name` and `--no-its-name`. `min` and `max` are the
    range of a number. A list takes the option again and again.
    """
    return _Declared(default, names, metavar, help, min, max)


class Command(click.Command):
    """A command with a help page like all of marl's."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Draw the page."""
        formatter.write(page(self, ctx))


class Commands(click.Group):
    """A group of commands; `help` says what they are for."""

    command_class = Command

    def __init__(self, help: str, name: str | None = None, **more: Any) -> None:
        super().__init__(name, help=help, no_args_is_help=True, **more)

    def command(self, name: str | None = None) -> Callable[[F], F]:  # type: ignore[override]
        """Add the function below it, called as it is called or as `name` says, and leave it as it is."""

        def add(function: F) -> F:
            made = command(function, name)
            self.add_command(made)
            return function

        return add

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which they were added."""
        return list(self.commands)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Draw the page."""
        formatter.write(page(self, ctx))


def command(function: Callable[..., Any], name: str | None = None) -> Command:
    """The command that a function is. Raises TypeError for a parameter that no command line can give."""
    hints = typing.get_type_hints(function)
    found = inspect.signature(function).parameters.values()
    params = [_parameter(parameter, hints.get(parameter.name, str)) for parameter in found]

    def call(**given: Any) -> None:  # what a command returns is nobody's exit code
        function(**{param.name: _value(param, hints, given[str(param.name)]) for param in params})

    return Command(
        name or function.__name__.replace("_", "-"), params=params, callback=call, help=inspect.getdoc(function) or ""
    )


def _parameter(parameter: inspect.Parameter, hint: Any) -> click.Parameter:
    """The click parameter that a function's parameter stands for."""
    said = parameter.default
    if not isinstance(said, _Declared):
        said = argument() if said is parameter.empty else option(said)
    bare, many = _bare(hint)
    kind = _type(bare, said, parameter.name)
    required = said.default is _REQUIRED
    shared: dict[str, Any] = {"type": kind, "metavar": said.metavar or None, "required": required}
    if not required and not (many and said.default is None):
        shared["default"] = said.default.value if isinstance(said.default, enum.Enum) else said.default
    if said.names is None:
        made = _Argument([parameter.name], nargs=-1 if many else 1, **shared)
        made.help = said.help
        return made
    names = list(said.names) or [f"--{parameter.name.replace('_', '-')}"]
    if bare is bool and not said.names:
        names = [f"{names[0]}/--no-{names[0].removeprefix('--')}"]
    flag = {"is_flag": True, "type": None} if bare is bool else {"multiple": many}
    return click.Option([*names, parameter.name], help=said.help, **{**shared, **flag})


class _Argument(click.Argument):
    """An argument that says what it is."""

    help = ""

    def make_metavar(self, ctx: click.Context) -> str:
        """As it was given, or the name in capitals."""
        return self.metavar or super().make_metavar(ctx)


def _bare(hint: Any) -> tuple[Any, bool]:
    """The type of one value, and whether there are many."""
    if isinstance(hint, UnionType) or typing.get_origin(hint) is typing.Union:
        members = [member for member in typing.get_args(hint) if member is not NoneType]
        return _bare(members[0]) if len(members) == 1 else (hint, False)
    if typing.get_origin(hint) is typing.Annotated:
        return _bare(typing.get_args(hint)[0])
    if typing.get_origin(hint) is list:
        return _bare(typing.get_args(hint)[0])[0], True
    return hint, False


def _type(bare: Any, said: _Declared, name: str) -> click.ParamType[Any]:
    if bare in (int, float):
        whole = bare is int
        if said.min is None and said.max is None:
            return click.INT if whole else click.FLOAT
        return (click.IntRange if whole else click.FloatRange)(said.min, said.max)  # type: ignore[arg-type]
    if isinstance(bare, type) and issubclass(bare, os.PathLike):
        return click.Path(path_type=bare)
    if typing.get_origin(bare) is typing.Literal:
        return click.Choice([str(choice) for choice in typing.get_args(bare)])
    if isinstance(bare, type) and issubclass(bare, enum.Enum):
        return click.Choice([str(member.value) for member in bare])
    if bare in _PLAIN:
        return _PLAIN[bare]
    raise TypeError(f"parameter {name!r} is of type {bare!r}, which no command line can give")


def _value(param: click.Parameter, hints: typing.Mapping[str, Any], given: Any) -> Any:
    """What click gives, as the function wants it."""
    bare, many = _bare(hints.get(str(param.name), str))
    if isinstance(bare, type) and issubclass(bare, enum.Enum):
        by_text = {str(member.value): member for member in bare}
        given = [by_text[one] for one in given] if many else by_text.get(given, given)
    if typing.get_origin(bare) is typing.Literal:
        choices = {str(choice): choice for choice in typing.get_args(bare)}
        given = [choices[one] for one in given] if many else choices.get(given, given)
    return list(given) if many else given
