"""What a run shows: a curve of how far it is from equilibrium in a terminal, a few lines anywhere else."""

from __future__ import annotations

import math
import time

from rich.console import Console, Group, RenderableType
from rich.text import Text

from marl.terminal.chart import braille, log_bounds
from marl.terminal.display import Display, Pace
from marl.terminal.picture import CURVE, LABEL, SOFT, STRONG, bar, curve, frame, no_curve
from marl.words import duration, number

WIDEST, HIGH = 110, 9
MOST = 2048  # points that are kept for the curve


class Dashboard(Display):
    """`with dashboard: dashboard.measured(iteration, distance, seconds)`.

    `name`: of the run; `what`: solver and game; `title`: what the distance is, as "NashConv"; `iterations`: how many
    there will be; `goal`: where it may end earlier.
    """

    def __init__(
        self, name: str, what: str, title: str, iterations: int, goal: float | None, console: Console | None = None
    ) -> None:
        super().__init__(console)
        self.name, self.what, self.title, self.iterations, self.goal = name, what, title, iterations, goal
        self.points: list[tuple[int, float]] = []
        self.seconds, self._at = 0.0, time.monotonic()
        self._pace, self._said = Pace(), -1

    def recall(self, iteration: int, distance: float) -> None:
        """A measurement of before this resume."""
        self.points.append((iteration, distance))
        if len(self.points) > MOST:
            del self.points[1:-1:2]

    def measured(self, iteration: int, distance: float, seconds: float) -> None:
        """A measurement."""
        self.recall(iteration, distance)
        self.seconds, self._at = seconds, time.monotonic()
        if not self.drawn and self._pace.due(iteration, seconds):
            self._line()

    def ended(self) -> None:
        """Say the last measurement, where it was not said."""
        if not self.drawn and self.points and self.points[-1][0] != self._said:
            self._line()

    def _line(self) -> None:
        iteration, distance = self.points[-1]
        self._said = iteration
        self.say(f"iteration {iteration:,}   {self.title} {number(distance)}   {duration(self.seconds)}")

    def picture(self) -> RenderableType:
        """The picture of this moment."""
        width = min(self.console.width, WIDEST)
        title = Text.assemble((" marl meanfield ", SOFT), (self.name, STRONG), (f"  {self.what} ", SOFT))
        height = max(3, min(HIGH, self.console.height - 8))
        parts = [self._headline(width - 6), Text(), *self._curve(width - 6, height)]
        return frame(title, self.state, parts, width)

    def _headline(self, width: int) -> RenderableType:
        iteration, distance = self.points[-1] if self.points else (0, math.nan)
        passed = self.seconds + (time.monotonic() - self._at if self.state == "running" else 0.0)
        line = Text.assemble(
            (f"{iteration:,}", STRONG), (f" of {self.iterations:,} iterations", SOFT), "    ",
            (f"{self.title} ", SOFT), (number(distance), f"bold {CURVE}"), "    ",
            ("time ", SOFT), (duration(passed), STRONG),
        )  # fmt: skip
        return Group(line, bar(iteration / max(self.iterations, 1), width))

    def _curve(self, width: int, height: int) -> list[Text]:
        """The distance over iterations, by its logarithm, with the goal as a dotted line."""
        values = [value for _, value in self.points if value > 0]
        if len(values) < 2:
            return [no_curve("the curve comes with the first iterations", width, height)]
        low, high = log_bounds(values, self.goal)
        dots = braille([math.log10(value) for value in values], width - LABEL, height, low, high)

        def at(row: int) -> float:
            return high - (row / max(height - 1, 1)) * (high - low)

        goal = None
        if self.goal:
            row = round((high - math.log10(self.goal)) / (high - low) * (height - 1))
            goal = (min(max(row, 0), height - 1), number(self.goal, 2))
        return curve(dots, lambda row: number(10 ** at(row), 2), goal)
