"""Where a training run's numbers go: metrics.jsonl always, TensorBoard where it is wanted and installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from marl.metrics import Metrics


class Sink(Protocol):
    """Takes named numbers at a step (env steps since the start of the run)."""

    def log(self, event: str, step: int, **values: Any) -> None:
        """Take numbers of an event ("train", "slice", "evaluation")."""

    def close(self) -> None:
        """Write what is left."""


class TensorBoard:
    """Scalars below "event/name" (and "event/opponent/name" for evaluations). Needs the package `tensorboard`."""

    def __init__(self, folder: Path, after: int) -> None:
        module: Any = importlib.import_module("torch.utils.tensorboard")
        self._writer = module.SummaryWriter(str(folder), purge_step=after + 1)

    def log(self, event: str, step: int, **values: Any) -> None:
        """Write the numbers among `values`."""
        under = f"{event}/{values['against']}" if "against" in values else event
        for name, value in values.items():
            if isinstance(value, (int, float)):
                self._writer.add_scalar(f"{under}/{name}", value, step)

    def close(self) -> None:
        """Write what is still waiting."""
        self._writer.close()


class Sinks:
    """All sinks of a run."""

    def __init__(self, metrics: Metrics, others: tuple[Sink, ...] = ()) -> None:
        self._all: tuple[Sink, ...] = (metrics, *others)

    def log(self, event: str, step: int, values: Mapping[str, Any]) -> None:
        """Hand the numbers to every sink."""
        for sink in self._all:
            sink.log(event, step, **values)

    def close(self) -> None:
        """Close every sink."""
        for sink in self._all:
            sink.close()


def tensorboard(folder: Path, after: int) -> tuple[Sink, ...]:
    """The TensorBoard sink; none, and a sentence about it, where TensorBoard is not installed."""
    try:
        return (TensorBoard(folder, after),)
    except ImportError:
        print(
            "note: tensorboard: true is left out, because TensorBoard is not installed: "
            "pip install 'marl-league[tensorboard]'",
            file=sys.stderr,
        )
        return ()
