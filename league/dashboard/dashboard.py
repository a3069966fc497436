"""The dashboard: takes news from the league, shows it live or as plain lines."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live

from league.dashboard import plain
from league.dashboard.estimate import Estimate, estimate
from league.dashboard.layout import Shown, layout
from league.dashboard.progress import History, Point, Progress, RunInfo
from league.view import Iteration

REFRESH = 4  # times a second


class Dashboard:
    """`with Dashboard(info) as dashboard: ... dashboard.update(progress)`.

    An update only puts the news aside (microseconds); a thread draws what is newest four times a second. Where standard
    output is no terminal, lines are printed at iterations 1, 2, 5, 10, 20, 50, ... instead. `history` is what
    a resumed run has behind it.
    """

    def __init__(self, info: RunInfo, history: Iterable[Iteration] = (), console: Console | None = None) -> None:
        self.info = info
        self.console = console or Console()
        self.history = History.of(map(self._point, history), info.headline)
        self.progress: Progress | None = None
        self.state = "running"
        self._updated = time.monotonic()
        self._line: Progress | None = None
        self._live: Live | None = None

    def _point(self, iteration: Iteration) -> Point:
        """A finished iteration, with the value of the first measure."""
        value = iteration.measures.get(self.info.headline.name) if self.info.headline is not None else None
        return Point(iteration.number, iteration.seconds, value.value if value is not None else None)

    @property
    def is_live(self) -> bool:
        """Whether there is a terminal that can show braille."""
        able = self.console.is_terminal and not self.console.is_dumb_terminal
        return able and self.console.encoding.lower().startswith("utf")

    def __enter__(self) -> Dashboard:
        if self.is_live:
            self._live = Live(
                get_renderable=self.render, console=self.console, refresh_per_second=REFRESH, vertical_overflow="crop"
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.state = "finished" if kind is None else "interrupted" if kind is KeyboardInterrupt else "failed"
        if self._live is not None:
            self._live.stop()
        elif self.progress is not None and self.progress != self._line:
            self._print(self.progress)

    def update(self, progress: Progress) -> None:
        """Take the news; cheap enough for every iteration and every job."""
        self.progress, self._updated = progress, time.monotonic()
        value = progress.measure.value if progress.measure is not None else None
        self.history.add(Point(progress.iteration, progress.seconds, value))
        if self._live is None and plain.is_due(progress, self._line):
            self._print(progress)

    def render(self) -> RenderableType:
        """The picture of this moment."""
        now = self.seconds
        shown = Shown(self.info, self.progress, list(self.history.points), self.history.best, self.history.rate,
                      now, self.left(now), self.state)  # fmt: skip
        return layout(shown, self.console.size)

    @property
    def seconds(self) -> float:
        """Run time over all resumes, still running while no news comes."""
        since = time.monotonic() - self._updated if self.state == "running" else 0.0
        before = self.history.points[-1].seconds if self.history.points else 0.0
        return (self.progress.seconds if self.progress is not None else before) + since

    def left(self, now: float) -> Estimate | None:
        """The time left, where it can be foreseen."""
        return estimate(list(self.history.points), self.info, now) if self.state == "running" else None

    def _print(self, progress: Progress) -> None:
        self._line = progress
        text = plain.line(progress, self.history, self.left(progress.seconds))
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)
