"""What the league tells its dashboard: plain facts, cheap to make in every iteration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

LONGEST = 4096  # points kept


@dataclass(frozen=True)
class RunInfo:
    """What does not change during a run: its name, environment and sides, and when it stops (None: it does not)."""

    name: str
    env: str
    sides: tuple[str, ...]
    target: float | None = None
    """Stop when NashConv is below this."""
    iterations: int | None = None
    """Stop after this iteration."""
    seconds: float | None = None
    """Stop after this run time, in seconds."""


@dataclass(frozen=True)
class JobProgress:
    """A job of the present iteration: the side that learns, and how many opponents its mixtures hold.

    `started`: when the work began, by `time.monotonic`; None while it waits. `seconds`: how long a finished job took.
    """

    side: str
    opponents: int
    seconds: float = 0.0
    finished: bool = False
    started: float | None = None

    def spent(self, now: float) -> float | None:
        """Seconds of work so far; None while it waits."""
        if self.finished:
            return self.seconds
        return None if self.started is None else now - self.started


@dataclass(frozen=True)
class Progress:
    """The state of a league at one moment.

    `seconds` is run time over all resumes. `nash_conv` belongs to `iteration`, and is None where the game has no exact
    value. `populations`, `supports` (players in use) and `values` (expected returns, each with half its 95 % interval)
    have one entry per side; the last two may be empty. `pairings` are known payoff cells of `pairings_total`; `steps`
    are environment steps; `learning` are the returns of the present job's updates so far, and `paid` the
    channels of rewards that its last update learned from.
    """

    iteration: int
    seconds: float
    nash_conv: float | None = None
    populations: tuple[int, ...] = ()
    supports: tuple[int, ...] = ()
    values: tuple[tuple[float, float | None], ...] = ()
    pairings: int = 0
    pairings_total: int = 0
    jobs: tuple[JobProgress, ...] = ()
    steps: int = 0
    doing: str = ""
    learning: tuple[float, ...] = ()
    paid: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Point:
    """One finished iteration, as the curve and the estimate need it."""

    iteration: int
    seconds: float
    nash_conv: float | None


@dataclass
class History:
    """The finished iterations, thinned so that adding one is cheap however long a run gets."""

    points: list[Point] = field(default_factory=list)
    best: Point | None = None
    """The point with the least NashConv."""

    @staticmethod
    def of(points: Iterable[Point]) -> History:
        """The history of a run that is resumed."""
        history = History()
        for point in points:
            history.add(point)
        return history

    def add(self, point: Point) -> None:
        """Remember an iteration, once; a later word on the same one replaces the earlier."""
        if self.points and point.iteration <= self.points[-1].iteration:
            if point.iteration < self.points[-1].iteration or point.nash_conv is None:
                return
            self.points.pop()
        self.points.append(point)
        value = point.nash_conv
        if value is not None and (self.best is None or self.best.nash_conv is None or value < self.best.nash_conv):
            self.best = point
        if len(self.points) > LONGEST:
            half = len(self.points) // 2
            self.points = self.points[:half:2] + self.points[half:]

    @property
    def rate(self) -> float | None:
        """Iterations a second, over the last tenth of the points."""
        recent = self.points[-max(len(self.points) // 10, 2) :]
        if len(recent) < 2 or recent[-1].seconds <= recent[0].seconds:
            return None
        return (recent[-1].iteration - recent[0].iteration) / (recent[-1].seconds - recent[0].seconds)
