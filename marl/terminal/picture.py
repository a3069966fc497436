"""The parts that pictures of runs are made of: their frame, bars, tables and curves, in the same colours everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from marl.terminal.display import State

SOFT, STRONG, DIM = "grey58", "bold", "grey30"
ACCENT, CURVE, GOOD, TARGET, BAD = "medium_purple1", "deep_sky_blue1", "green3", "dark_orange", "red1"
STATES: dict[State, tuple[str, str]] = {
    "running": (ACCENT, "●"),
    "finished": (GOOD, "✓"),
    "interrupted": ("yellow3", "■"),
    "failed": (BAD, "✗"),
}
LABEL = 9  # columns that the labels and the axis of a curve take


def frame(title: Text, state: State, parts: Sequence[RenderableType], width: int) -> Panel:
    """A picture in its frame, with its title above and the state of the run below."""
    colour, mark = STATES[state]
    below = Text.assemble(" ", (f"{mark} {state}", colour), " ")
    return Panel(
        Group(*parts), title=title, title_align="left", subtitle=below, subtitle_align="right", box=box.ROUNDED,
        border_style=colour, padding=(1, 2), width=width,
    )  # fmt: skip


def bar(share: float, width: int) -> Text:
    """How much of a run is done, from 0 to 1, as a thin line."""
    filled = round(min(share, 1.0) * width)
    return Text.assemble(("━" * filled, ACCENT), ("─" * (width - filled), DIM))


def share_bar(share: float, colour: str, width: int = 12) -> Text:
    """A share from 0 to 1 as a thick bar."""
    filled = round(min(share, 1.0) * width)
    return Text.assemble(("█" * filled, colour), ("░" * (width - filled), DIM))


def apart(left: Text, right: Text, width: int) -> Text | None:
    """Two texts at the two ends of a line, or None where they do not fit."""
    room = width - left.cell_len - right.cell_len
    return Text.assemble(left, " " * room, right) if room >= 4 else None


def figures(first: str, *others: str) -> Table:
    """A table without borders: the first column is words, the others are numbers."""
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, expand=True, header_style=SOFT, border_style=DIM
    )
    table.add_column(first, ratio=1, no_wrap=True, overflow="ellipsis")
    for other in others:
        table.add_column(other, justify="right", no_wrap=True)
    return table


def beside(left: RenderableType, right: RenderableType) -> Table:
    """Two things side by side, half of the width each."""
    grid = Table.grid(padding=(0, 4), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(left, right)
    return grid


def no_curve(text: str, width: int, height: int) -> Text:
    """What stands where a curve will be."""
    return Text("\n" * (height // 2) + text.center(width) + "\n" * (height - height // 2 - 1), style=SOFT)


def curve(dots: Sequence[str], label: Callable[[int], str], goal: tuple[int, str] | None = None) -> list[Text]:
    """The lines of a curve with labels at its left, at the top, in the middle and at the bottom.

    `dots` (see `marl.terminal.chart.braille`) is `LABEL` columns narrower than what comes out. `label` says what a row
    stands for. `goal` is a row with its own label, drawn as a dotted line.
    """
    height = len(dots)
    lines = []
    for row, text in enumerate(dots):
        said, style = (label(row), SOFT) if row in (0, height - 1, (height - 1) // 2) else ("", SOFT)
        if goal is not None and row == goal[0]:
            said, style = goal[1], TARGET
        line = Text.assemble((f"{said:>7} ", style), ("┤" if said else "│", DIM))
        for blank, run in groupby(text, key=lambda character: character == " "):
            piece = "".join(run)
            is_goal = blank and goal is not None and row == goal[0]
            line.append("┈" * len(piece) if is_goal else piece, TARGET if is_goal else CURVE)
        lines.append(line)
    return lines
