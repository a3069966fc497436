"""Plain lines, for logs and pipes."""

from __future__ import annotations

from league.dashboard.estimate import Estimate
from league.dashboard.progress import History, Progress
from marl.words import duration, number, uncertain


def line(progress: Progress, history: History, left: Estimate | None) -> str:
    """One line of a log."""
    parts = [f"iteration {progress.iteration}"]
    value, best = progress.measure, history.best
    if history.headline is not None and value is not None:
        about = history.headline.about
        parts.append(f"{about.title} {uncertain(value.value, value.margin)}")
        if best and best.value is not None and about.surpasses(best.value, value.value):
            parts[-1] += f" (best {number(best.value)})"
    if progress.populations:
        parts.append(f"players {'+'.join(str(size) for size in progress.populations)}")
    if progress.steps:
        parts.append(f"{progress.steps:,} steps")
    parts.append(duration(progress.seconds))
    if left is not None and left.seconds > 0:
        parts.append(f"about {duration(left.seconds)} to {left.toward}")
    return "  ".join(parts)
