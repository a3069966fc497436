"""What a run shows: the last years as lines, in a terminal under a curve of welfare."""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from marl.terminal.display import Display
from marl.terminal.picture import SOFT, STRONG, bar, frame

SHOWN = 10  # years


class Dashboard(Display):
    """`with dashboard: dashboard.year(event)`. `years`: how many there will be."""

    def __init__(self, name: str, what: str, years: int, console: Console | None = None) -> None:
        super().__init__(console)
        self.name, self.what, self.years = name, what, years
        self.lines: list[str] = []

    def recall(self, event: dict[str, Any]) -> None:
        """A year of before this resume."""
        self.lines.append(line(event))

    def year(self, event: dict[str, Any]) -> None:
        """A year is over."""
        self.recall(event)
        if not self.drawn:
            self.say(self.lines[-1])

    def picture(self) -> RenderableType:
        """The last years."""
        width = min(self.console.width, 110)
        title = Text.assemble((" marl economy ", SOFT), (self.name, STRONG), (f"  {self.what} ", SOFT))
        shown = Text("\n".join(self.lines[-SHOWN:]), overflow="ellipsis", no_wrap=True)
        return frame(title, self.state, [bar(len(self.lines) / self.years, width - 6), Group(shown)], width)


def line(event: dict[str, Any]) -> str:
    """A year in a line."""
    rates = " ".join(f"{100 * rate:.0f}" for rate in event["rates"])
    asked = f"   {event['requests']:,} requests" if event["requests"] else ""
    return (
        f"year {event['step']}   rates {rates} %   welfare {event['welfare']:.4g}   mean income "
        f"{event['output']:.4g}   equality {event['equality']:.2f}{asked}"
    )
