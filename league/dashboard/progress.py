"""What the league tells its dashboard: plain facts, cheap to make in every iteration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from league.config import Bound
from league.value import About, Value

LONGEST = 4096  # points kept


@dataclass(frozen=True)
class Headline:
    """The first measure of a league: its name, what people read of it, and where it ends the run."""

    name: str
    about: About
    bound: Bound = field(default_factory=Bound)

    @property
    def target(self) -> float | None:
        """What it is to be beyond, or None."""
        return self.bound.below if self.bound.below is not None else self.bound.above


@dataclass(frozen=True)
class RunInfo:
    """What does not change during a run: its name, environment and populations, and when it stops (None: not by this).

    `sides`: what each population is called.
    """

    name: str
    env: str
    sides: tuple[str, ...]
    iterations: int | None = None
    """Stop after this iteration."""
    seconds: float | None = None
    """Stop after this run time, in seconds."""
    headline: Headline | None = None
    """The first measure."""


@dataclass(frozen=True)
class JobProgress:
    """A job that is open, or was done lately: who learns, and how many opponents its mixtures hold.

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

    `seconds` is run time over all resumes. `measure` is the first one, of `iteration`, and None where it was not taken
    then. `populations`, `supports` (players in use) and `values` (expected returns, each with half its 95 % interval)
    have one entry per side; the last two may be empty. `pairings` are known payoff cells of `pairings_total`; `steps`
    are environment steps; `learning` are the returns of the present job's updates so far, and `paid` the
    channels of rewards that its last update learned from.
    """

    iteration: int
    seconds: float
    measure: Value | None = None
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
    """One finished iteration, as the curve and the estimate need it; `value` is that of the first measure."""

    iteration: int
    seconds: float
    value: float | None


@dataclass
class History:
    """The finished iterations, thinned so that adding one is cheap however long a run gets."""

    headline: Headline | None = None
    points: list[Point] = field(default_factory=list)
    best: Point | None = None
    """The point with the best value, where one is better than another."""

    @staticmethod
    def of(points: Iterable[Point], headline: Headline | None = None) -> History:
        """The history of a run that is resumed."""
        history = History(headline)
        for point in points:
            history.add(point)
        return history

    def add(self, point: Point) -> None:
        """Remember an iteration, once; a later word on the same one replaces the earlier."""
        if self.points and point.iteration <= self.points[-1].iteration:
            if point.iteration < self.points[-1].iteration or point.value is None:
                return
            self.points.pop()
        self.points.append(point)
        if self._is_best(point):
            self.best = point
        if len(self.points) > LONGEST:
            half = len(self.points) // 2
            self.points = self.points[:half:2] + self.points[half:]

    def _is_best(self, point: Point) -> bool:
        if self.headline is None or not self.headline.about.better or point.value is None:
            return False
        before = None if self.best is None else self.best.value
        return before is None or self.headline.about.surpasses(point.value, before)

    @property
    def rate(self) -> float | None:
        """Iterations a second, over the last tenth of the points."""
        recent = self.points[-max(len(self.points) // 10, 2) :]
        if len(recent) < 2 or recent[-1].seconds <= recent[0].seconds:
            return None
        return (recent[-1].iteration - recent[0].iteration) / (recent[-1].seconds - recent[0].seconds)
