"""Plain lines, for logs and pipes: more at first, fewer and fewer later."""

from __future__ import annotations

from league.dashboard.estimate import Estimate
from league.dashboard.progress import History, Progress
from marl.words import duration, number, uncertain

PATIENCE = 60.0  # seconds of run time after which a line comes whatever the iteration


def is_due(progress: Progress, last: Progress | None) -> bool:
    """Whether a line comes now: at first, when iteration 1, 2, 5, 10, 20, 50, ... is reached, or after a minute."""
    if last is None or progress.seconds - last.seconds >= PATIENCE:
        return True
    return milestone(progress.iteration) > milestone(last.iteration)


def milestone(iteration: int) -> int:
    """The greatest of 1, 2, 5, 10, 20, 50, ... up to an iteration; 0 before the first."""
    if iteration < 1:
        return 0
    power: int = 10 ** (len(str(iteration)) - 1)
    return max(digit * power for digit in (1, 2, 5) if digit * power <= iteration)


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
