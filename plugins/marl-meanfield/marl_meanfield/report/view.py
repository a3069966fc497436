"""What a report shows, read from the run directory alone: the game need not be made again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from marl.blobs import Blobs
from marl.errors import UserError
from marl.metrics import read
from marl.scenario import Scenario
from marl.types import Floats
from marl_meanfield import progress
from marl_meanfield.config import MeanFieldConfig
from marl_meanfield.progress import Progress
from marl_meanfield.solving import FLOW


@dataclass(frozen=True)
class Measured:
    """A measurement of a policy: where it was taken, and what was found."""

    iteration: int
    nash_conv: float
    value: float
    best_response: float
    gap: float | None = None


@dataclass(frozen=True)
class View:
    """A run as it stands. `flow` `[T + 1, P, S]` is that of its newest checkpoint; `layout`: how states lie."""

    run: str
    config: MeanFieldConfig
    scenario: str
    progress: Progress
    measured: tuple[Measured, ...]
    flow: Floats
    populations: tuple[str, ...]
    layout: tuple[int, ...]


def read_view(run: Path, scenario: Scenario) -> View:
    """Read a run directory. Raises UserError where it holds no mean-field run."""
    if not (run / progress.FILE).is_file():
        raise UserError(f"{run} holds no mean-field run: there is no {progress.FILE} in it")
    done = Progress.read(run)
    arrays, meta = Blobs(run / "blobs").get(done.state)
    measured = tuple(
        Measured(event["step"], event["nash_conv"], event["value"], event["best_response"], event.get("gap"))
        for event in read(run / "metrics.jsonl")
        if event["event"] == "iteration"
    )
    populations, layout = tuple(meta["populations"]), tuple(meta["layout"])
    return View(run.resolve().name, scenario.config, scenario.text, done, measured, arrays[FLOW], populations, layout)
