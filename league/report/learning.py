"""What the jobs of a league logged while they learned: curves over each learner's env steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marl.metrics import read
from marl.training.report.panels import panels_section
from marl.training.report.series import Series, collected, is_number
from marl.training.report.view import RECENT, means

UNDRAWN = ("event", "time", "step", "iteration", "job", "side")


@dataclass(frozen=True)
class Learning:
    """The numbers of all updates by name, "player_0/return"; see `marl.training.report.view.Logged`."""

    series: Mapping[str, Series] = field(default_factory=dict)
    latest: Mapping[str, float] = field(default_factory=dict)
    updates: int = 0


def read_learning(run: Path) -> Learning:
    """What is in a run's metrics.jsonl; nothing where no job learns by updates."""
    metrics = run / "metrics.jsonl"
    if not metrics.is_file():
        return Learning()
    events = list(_by_side(event for event in read(metrics) if event.get("event") == "train"))
    return Learning(collected(events), means(deque(events, maxlen=RECENT)), len(events))


def learning_section(learning: Learning) -> str:
    """The section of the page; nothing where there are no updates."""
    if not learning.updates:
        return ""
    lead = (
        "What every update of the jobs logged, by the env steps of the side that learns, over all its jobs so far. "
        "Where jobs start cold, each of them begins anew: the curve has a tooth for every iteration."
    )
    return panels_section(learning, lead)


def _by_side(events: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """The events with env steps counted over all jobs of a side, and names that say whose numbers they are."""
    steps: dict[str, int] = {}
    for event in events:
        side = str(event.get("side", "learner"))
        steps[side] = steps.get(side, 0) + int(event.get("env_steps", 0))
        numbers = {f"{side}/{name}": value for name, value in event.items() if name not in UNDRAWN and is_number(value)}
        yield {"step": steps[side], **numbers}
