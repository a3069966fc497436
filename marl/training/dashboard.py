"""What a training run shows: a live dashboard in a terminal, a few plain lines anywhere else."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Self

from rich.console import Console, RenderableType

from marl.terminal.display import PATIENCE, Display
from marl.training.dashboard_layout import Curve, RunInfo, Shown, layout
from marl.training.history import Slice
from marl.training.trainer import Watcher
from marl.words import duration, number

__all__ = ["Dashboard", "RunInfo"]

_RECENT = 20  # updates that the numbers shown are means of


class Dashboard(Display, Watcher):
    """`with Dashboard(info, seconds) as dashboard:` and hand it to a trainer.

    `before`: run time before this resume, in seconds. An update only puts the news aside; a thread draws it.
    """

    def __init__(self, info: RunInfo, before: float = 0.0, console: Console | None = None) -> None:
        super().__init__(console)
        self.info, self.before = info, before
        self.step = self.updates = self.matches = 0
        self.curve = Curve()
        self.slices: list[Slice] = []
        self._recent: deque[dict[str, float]] = deque(maxlen=_RECENT)
        self._started, self._resumed_at = time.monotonic(), 0
        self._passed: float | None = None  # seconds since the start or the resume, once it is over
        self._now = ""
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._started, self._resumed_at = time.monotonic(), self.step
        return super().__enter__()

    def ended(self) -> None:
        """Stop the clock."""
        self.before, self._passed = self.seconds, time.monotonic() - self._started

    @property
    def seconds(self) -> float:
        """Run time over all resumes."""
        return self.before + (time.monotonic() - self._started if self._passed is None else 0.0)

    def doing(self, what: str) -> None:
        """See `Watcher`."""
        self._now = what

    def recall(self, step: int, values: dict[str, float]) -> None:
        """An update of before this resume."""
        self.step, self.updates = step, self.updates + 1
        self.matches += int(values.get("matches", 0))
        self._recent.append({name: value for name, value in values.items() if isinstance(value, float)})
        if not self.info.measured and "return" in values:
            self.curve.add(step, values["return"])

    def trained(self, step: int, values: dict[str, float]) -> None:
        """See `Watcher`."""
        self.recall(step, values)
        if not self.drawn and time.monotonic() - self._said > PATIENCE:
            self._line(self.seconds, self.left)

    def finished(self, done: Slice) -> None:
        """See `Watcher`."""
        self._add(done)
        self.step = done.env_steps  # an algorithm may say nothing while it learns
        if not self.drawn:
            self._line(self.seconds, self.left)

    def relive(self, updates: Iterable[tuple[int, dict[str, float]]], slices: Sequence[Slice]) -> None:
        """What was done before this resume, in the order in which it was."""
        left = deque(slices)
        for step, values in updates:
            while left and left[0].env_steps < step:
                self._relive(left.popleft())
            self.recall(step, values)
        for done in left:
            self._relive(done)

    def _relive(self, done: Slice) -> None:
        self._add(done)
        self.step = done.env_steps
        if not self.is_live:
            self._line(done.seconds)

    def _add(self, done: Slice) -> None:
        self.slices.append(done)
        if self.info.measured and done.scores:
            self.curve.add(done.env_steps, next(iter(done.scores.values()))["return"])

    @property
    def recent(self) -> dict[str, float]:
        """The means of the last updates, by name."""
        updates = list(self._recent)
        names = dict.fromkeys(name for values in updates for name in values)
        present = {name: [values[name] for values in updates if name in values] for name in names}
        means = {name: sum(values) / len(values) for name, values in present.items()}
        timed = [v for v in updates if v.get("env_steps_per_s", 0.0) > 0 and "env_steps" in v]
        if timed:  # env steps over seconds: an update after a measurement weighs as much as it took
            seconds = sum(values["env_steps"] / values["env_steps_per_s"] for values in timed)
            means["env_steps_per_s"] = sum(values["env_steps"] for values in timed) / seconds
        return means

    @property
    def speed(self) -> float | None:
        """Env steps a second since the start (or the resume), saving and measuring included."""
        passed = time.monotonic() - self._started if self._passed is None else self._passed
        done = self.step - self._resumed_at
        return done / passed if done > 0 and passed >= 0.5 else self.recent.get("env_steps_per_s")

    @property
    def left(self) -> float | None:
        """Seconds to the end at the speed since the start (or the resume), measurements included."""
        done, passed = self.step - self._resumed_at, time.monotonic() - self._started
        if self.state != "running" or done <= 0 or passed < 0.5:
            return None
        return max(self.info.env_steps - self.step, 0) * passed / done

    def picture(self) -> RenderableType:
        """The picture of this moment."""
        shown = Shown(
            self.info, self.state, self.step, self.seconds, self.left, self.recent, self.curve, list(self.slices),
            self.updates, self.matches, self._now, self.speed,
        )  # fmt: skip
        return layout(shown, self.console.size)

    def _line(self, seconds: float, left: float | None = None) -> None:
        self._said, recent = time.monotonic(), self.recent
        parts = [f"{self.step:,} env steps"]
        if (speed := self.speed) is not None:
            parts.append(f"{speed:,.0f} steps/s")
        parts += [
            f"{name} {number(recent[name], 3)}" for name in ("return", "length", "entropy", "kl") if name in recent
        ]
        if self.slices and self.slices[-1].env_steps == self.step:
            parts += [f"{name} {number(score['return'], 3)}" for name, score in self.slices[-1].scores.items()]
        parts.append(duration(seconds))
        if left:
            parts.append(f"about {duration(left)} left")
        self.say("  ".join(parts))
