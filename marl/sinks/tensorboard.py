"""TensorBoard's event files, below `tensorboard/` in the run directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from marl.sink import scalars
from marl.sinks.packages import package


class TensorBoard:
    """Scalars below "event/name" (and "event/opponent/name" for evaluations)."""

    def __init__(self, run: Path, scenario: Mapping[str, Any]) -> None:
        self._module: Any = package("torch.utils.tensorboard", "marl-league[tensorboard]")
        self._folder = run / "tensorboard"
        self._writer: Any = None

    def log(self, event: str, step: int, **values: Any) -> None:
        """See `Sink`. The first step after a resume takes back what stands there from it on."""
        if self._writer is None:
            self._writer = self._module.SummaryWriter(str(self._folder), purge_step=step)
        for name, value in scalars(event, values):
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """See `Sink`."""
        if self._writer is not None:
            self._writer.close()
