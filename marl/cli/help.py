"""Help pages: usage, what it does, and a box each for arguments, options and commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from marl.printable import printable
from marl.terminal.text import cells, coloured, columns, folded, padded, plain, styled

if TYPE_CHECKING:
    import click

_MOST = 100  # columns: longer lines are hard to read


class _Row(NamedTuple):
    """One line of a box: its columns with their styles, and what it says."""

    cells: tuple[tuple[str, str], ...]
    text: str
    remark: str = ""


def page(command: click.Command, ctx: click.Context) -> str:
    """The help page of a command, as wide as the terminal, up to 100 columns; in colours where they are wanted."""
    width = min(columns(), _MOST)
    usage = " ".join(command.collect_usage_pieces(ctx))
    lines = ["", *_indented(f"Usage: {ctx.command_path} {usage}", width, "bold"), ""]
    for paragraph in _paragraphs(command.help or ""):
        lines += [*_indented(paragraph, width), ""]
    params = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    lines += _box("Arguments", [_argument(p, ctx) for p in params if p.param_type_name == "argument"], width)
    lines += _box("Options", [_option(p, ctx) for p in params if p.param_type_name == "option"], width)
    lines += _box("Commands", list(_commands(command, ctx)), width)
    text = "\n".join(lines) + "\n"
    return text if coloured() else plain(text)


def summary(command: click.Command) -> str:
    """What a command does, in a line: the first paragraph of its help."""
    return next(_paragraphs(command.help or ""), "")


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.strip():
            yield printable(" ".join(paragraph.split()))


def _indented(text: str, width: int, style: str = "") -> list[str]:
    return [f" {styled(line, style)}" for line in folded(text, width - 2)]


def _argument(param: Any, ctx: click.Context) -> _Row:
    remark = "[required]" if param.required else _default(param)
    return _Row(((param.make_metavar(ctx), "bold cyan"),), getattr(param, "help", ""), remark)


def _option(param: Any, ctx: click.Context) -> _Row:
    names = ", ".join([*param.opts, *param.secondary_opts])
    takes = "" if param.is_flag or param.count else _takes(param, ctx)
    text, _, said = (param.help or "").partition("  ")  # a default that no value can say stands behind two spaces
    remark = "[required]" if param.required else said or _default(param)
    return _Row(((names, "bold cyan"), (takes, "yellow")), text, remark)


def _takes(param: Any, ctx: click.Context) -> str:
    """What an option takes, as in "INTEGER, 1 or more"."""
    least, most = getattr(param.type, "min", None), getattr(param.type, "max", None)
    name = param.metavar or {"text": "TEXT", "integer": "N", "float": "NUMBER"}.get(
        param.type.name.removesuffix(" range"), param.make_metavar(ctx)
    )
    if least is not None and most is not None:
        return f"{name} ({least} to {most})"
    return f"{name} ({least} or more)" if least is not None else f"{name} (up to {most})" if most is not None else name


def _default(param: Any) -> str:
    value = param.default
    if value is True and param.secondary_opts:
        return f"[default: {param.opts[0].removeprefix('--')}]"
    values = value if isinstance(value, (list, tuple)) else [value]
    known = [
        str(one) for one in values if isinstance(one, (str, int, float)) and not isinstance(one, bool) and one != ""
    ]
    return f"[default: {', '.join(known)}]" if known else ""


def _commands(command: Any, ctx: click.Context) -> Iterator[_Row]:
    for name in command.list_commands(ctx) if hasattr(command, "list_commands") else ():
        found = command.get_command(ctx, name)
        if found is not None and not found.hidden:
            yield _Row(((name, "bold cyan"),), summary(found))


def _box(title: str, rows: Sequence[_Row], width: int) -> list[str]:
    """The lines of a box, none where there are no rows."""
    if not rows:
        return []
    wide = [max(cells(row.cells[column][0]) for row in rows) for column in range(len(rows[0].cells))]
    wide = [column for column in wide if column]
    room = width - 4 - sum(column + 2 for column in wide)
    edge = styled("│", "dim")
    lines = [styled(f"╭─ {title} ".ljust(width - 1, "─") + "╮", "dim")]
    for row in rows:
        columns = zip(row.cells, wide, strict=False)
        first = "".join(styled(padded(text, column), style) + "  " for (text, style), column in columns)
        for number, said in enumerate(_said(row, room)):
            start = first if number == 0 else " " * sum(column + 2 for column in wide)
            lines.append(f"{edge} {start}{said}{' ' * (room - cells(plain(said)))} {edge}")
    return [*lines, styled("╰" + "─" * (width - 2) + "╯", "dim")]


def _said(row: _Row, room: int) -> list[str]:
    """What a row says, folded; its remark on the last line, where it fits."""
    lines = folded(printable(row.text), room) if row.text else []
    if not row.remark:
        return lines or [""]
    remarks = folded(printable(row.remark), room)
    if lines and cells(lines[-1]) + 2 + cells(remarks[0]) <= room and len(remarks) == 1:
        return [*lines[:-1], f"{lines[-1]}  {styled(remarks[0], 'dim')}"]
    return [*lines, *(styled(remark, "dim") for remark in remarks)]
