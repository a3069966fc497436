"""The dashboard: takes news from the league, shows it live or as plain lines."""

from __future__ import annotations

import time
from collections.abc import Iterable

from rich.console import Console, RenderableType

from league.dashboard import plain
from league.dashboard.estimate import Estimate, estimate
from league.dashboard.layout import Shown, layout
from league.dashboard.progress import History, Point, Progress, RunInfo
from league.iteration import Iteration
from marl.terminal.display import Display, Pace


class Dashboard(Display):
    """`with Dashboard(info) as dashboard: ... dashboard.update(progress)`.

    An update only puts the news aside (microseconds); a thread draws what is newest four times a second. Where standard
    output is no terminal, lines are printed at iterations 1, 2, 5, 10, 20, 50, ... instead. `history` is what
    a resumed run has behind it.
    """

    def __init__(self, info: RunInfo, history: Iterable[Iteration] = (), console: Console | None = None) -> None:
        super().__init__(console)
        self.info = info
        self.history = History.of(map(self._point, history), info.headline)
        self.progress: Progress | None = None
        self._updated = time.monotonic()
        self._pace = Pace()
        self._said: Progress | None = None

    def _point(self, iteration: Iteration) -> Point:
        """A finished iteration, with the value of the first measure."""
        value = iteration.measures.get(self.info.headline.name) if self.info.headline is not None else None
        return Point(iteration.number, iteration.seconds, value.value if value is not None else None)

    def ended(self) -> None:
        """Say the last line, where lines are said and it was not."""
        if not self.drawn and self.progress is not None and self.progress != self._said:
            self._line(self.progress)

    def update(self, progress: Progress) -> None:
        """Take the news; cheap enough for every iteration and every job."""
        self.progress, self._updated = progress, time.monotonic()
        value = progress.measure.value if progress.measure is not None else None
        self.history.add(Point(progress.iteration, progress.seconds, value))
        if not self.drawn and self._pace.due(progress.iteration, progress.seconds):
            self._line(progress)

    def picture(self) -> RenderableType:
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

    def _line(self, progress: Progress) -> None:
        self._said = progress
        self.say(plain.line(progress, self.history, self.left(progress.seconds)))
