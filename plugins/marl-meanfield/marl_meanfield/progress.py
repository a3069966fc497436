"""progress.json: how far a run has come, written whole after every checkpoint; a killed run goes on from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from marl.blobs import write_atomically
from marl.errors import RunError

FILE = "progress.json"


@dataclass(frozen=True)
class Progress:
    """The iterations and seconds behind a checkpoint, and the id of the solver's state; `done`: it ended there."""

    iteration: int = 0
    seconds: float = 0.0
    state: str = ""
    done: bool = False

    def write(self, run: Path) -> None:
        """Write progress.json so that it is there whole or not at all."""
        write_atomically(run / FILE, json.dumps({"format": 1, **asdict(self)}, indent=1).encode())

    @staticmethod
    def read(run: Path) -> Progress:
        """The progress of a run directory. Raises RunError where it is damaged."""
        try:
            content = json.loads((run / FILE).read_bytes())
            return Progress(*(content[name] for name in ("iteration", "seconds", "state", "done")))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(f"{run / FILE} is damaged ({error!r}): restore a backup of it, or start again") from None
