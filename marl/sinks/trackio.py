"""Trackio: a tracker that keeps its numbers on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marl.sink import scalars
from marl.sinks.packages import package


@dataclass(kw_only=True)
class TrackioParams:
    """Where the run is shown."""

    project: str = "marl"


class Trackio:
    """A run of Trackio, called as the run directory; a resume goes on with it."""

    def __init__(self, run: Path, scenario: Mapping[str, Any], params: TrackioParams | None = None) -> None:
        params = params or TrackioParams()
        self._run: Any = package("trackio", "trackio").init(project=params.project, name=run.name, resume="allow")

    def log(self, event: str, step: int, **values: Any) -> None:
        """See `Sink`."""
        self._run.log(dict(scalars(event, values)), step=step)

    def close(self) -> None:
        """See `Sink`."""
        self._run.finish()
