"""What a run shows while it goes on: a live picture in a terminal, now and then a line anywhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Literal, Self, TypeAlias

from rich.console import Console, RenderableType
from rich.live import Live

from marl.printable import printable

State: TypeAlias = Literal["running", "finished", "interrupted", "failed"]
REFRESH = 4  # pictures a second
PATIENCE = 60.0  # seconds after which a line comes, however little has happened


class Display(ABC):
    """`with display:` around a run. A kind of run says what its `picture` is, and prints lines where there is none.

    `threaded`: a thread draws the picture, so that news need only be put aside; False where processes are forked
    meanwhile, and `redraw` draws it. `braille`: the picture needs a terminal that has such characters. `transient`: the
    picture goes when the run is over.
    """

    threaded: ClassVar[bool] = True
    braille: ClassVar[bool] = True
    transient: ClassVar[bool] = False

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self.state: State = "running"
        self._live: Live | None = None

    @abstractmethod
    def picture(self) -> RenderableType:
        """The picture of this moment, for the console's size."""

    def ended(self) -> None:  # noqa: B027 (most have nothing left to say)
        """The run is over: say what was not said yet, stop what runs on."""

    @property
    def is_live(self) -> bool:
        """Whether there is a terminal that can show the picture."""
        able = self.console.is_terminal and not self.console.is_dumb_terminal
        return able and (not self.braille or self.console.encoding.lower().startswith("utf"))

    @property
    def drawn(self) -> bool:
        """Whether a picture is there now."""
        return self._live is not None

    def __enter__(self) -> Self:
        if self.is_live:
            self._live = Live(
                get_renderable=self.picture,
                console=self.console,
                auto_refresh=self.threaded,
                refresh_per_second=REFRESH,
                transient=self.transient,
                vertical_overflow="crop",
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended()
        stopped = kind is not None and issubclass(kind, KeyboardInterrupt)
        self.state = "finished" if kind is None else "interrupted" if stopped else "failed"
        if self._live is not None:
            self._live.stop()
            self._live = None

    def redraw(self) -> None:
        """Draw the picture, where no thread does."""
        if self._live is not None:
            self._live.refresh()

    def say(self, text: str) -> None:
        """A line, above the picture where there is one."""
        self.console.print(printable(text), markup=False, highlight=False, soft_wrap=True)


class Pace:
    """When lines come: when 1, 2, 5, 10, 20, ... of something are done, and after a minute in any case."""

    def __init__(self, count: int | None = None, seconds: float = 0.0) -> None:
        self._count, self._seconds = count, seconds

    def due(self, count: int, seconds: float) -> bool:
        """Whether a line comes now, with so many done after so many seconds; the first time, where none were before."""
        late = seconds - self._seconds >= PATIENCE
        due = self._count is None or late or milestone(count) > milestone(self._count)
        if due:
            self._count, self._seconds = count, seconds
        return due


def milestone(count: int) -> int:
    """The greatest of 1, 2, 5, 10, 20, 50, ... up to `count`; 0 below 1."""
    if count < 1:
        return 0
    power: int = 10 ** (len(str(count)) - 1)
    return max(digit * power for digit in (1, 2, 5) if digit * power <= count)
