"""What a training run's report shows, read from its directory alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from marl.metrics import read
from marl.training.config import TrainConfig
from marl.training.history import History, Slice
from marl.training.report.series import Series, collected, is_number

RECENT = 20  # updates that the newest numbers are means of


class Logged(Protocol):
    """What updates logged. `series`: each number by name; `latest`: means of the newest; `updates`: their number."""

    @property
    def series(self) -> Mapping[str, Series]:
        """Every curve that was logged, by name."""

    @property
    def latest(self) -> Mapping[str, float]:
        """The newest value of everything that was logged, by name."""

    @property
    def updates(self) -> int:
        """How many updates were logged."""


@dataclass(frozen=True)
class TrainView:
    """A training run as it stands.

    `run`: the directory's name. `env_steps`: since the start, those of the unfinished slice included. `series`: by
    name, what every update logged. `latest`: means of the last RECENT updates. `scenario`: its resolved text.
    """

    run: str
    config: TrainConfig
    env_steps: int = 0
    slices: tuple[Slice, ...] = ()
    series: Mapping[str, Series] = field(default_factory=dict)
    latest: Mapping[str, float] = field(default_factory=dict)
    updates: int = 0
    scenario: str = ""

    @property
    def seconds(self) -> float:
        """Run time over all resumes."""
        return self.slices[-1].seconds if self.slices else 0.0

    @property
    def is_finished(self) -> bool:
        """Whether the budget is spent."""
        return bool(self.slices) and self.slices[-1].env_steps >= self.config.env_steps

    @property
    def measured(self) -> tuple[Slice, ...]:
        """The slices whose snapshots were measured."""
        return tuple(done for done in self.slices if done.scores)

    @property
    def has_sides(self) -> bool:
        """Whether somebody is known to sit on other sides."""
        return bool(self.config.opponents) or any(name != "alone" for done in self.measured for name in done.scores)


def read_view(run: Path, config: TrainConfig, text: str = "") -> TrainView:
    """The run as its files have it. `text` is the resolved scenario. Raises RunError where progress.json is damaged."""
    history, metrics = History.read(run), run / "metrics.jsonl"
    events = [event for event in read(metrics) if event.get("event") == "train"] if metrics.is_file() else []
    return TrainView(
        run=run.resolve().name,
        config=config,
        env_steps=max([history.env_steps, *(event["step"] for event in events[-1:])]),
        slices=tuple(history.slices),
        series=collected(events),
        latest=means(deque(events, maxlen=RECENT)),
        updates=len(events),
        scenario=text,
    )


def means(events: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The mean of every number over the events that have it."""
    values: dict[str, list[float]] = {}
    for event in events:
        for name, value in event.items():
            if is_number(value):
                values.setdefault(name, []).append(float(value))
    return {name: sum(known) / len(known) for name, known in values.items()}
