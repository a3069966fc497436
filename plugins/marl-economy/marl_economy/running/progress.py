"""progress.json: how many years are kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from marl.blobs import write_atomically
from marl.errors import RunError

FILE = "progress.json"


@dataclass(frozen=True)
class Progress:
    """Years that are in metrics.jsonl, of so many; seconds spent on them."""

    years: int = 0
    of: int = 0
    seconds: float = 0.0

    def write(self, run: Path) -> None:
        """Write progress.json so that it is there whole or not at all."""
        write_atomically(run / FILE, json.dumps({"format": 1, **asdict(self)}, indent=1).encode())

    @staticmethod
    def read(run: Path) -> Progress:
        """The progress of a run directory. Raises RunError where it is damaged."""
        try:
            content = json.loads((run / FILE).read_bytes())
            return Progress(*(content[name] for name in ("years", "of", "seconds")))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(f"{run / FILE} is damaged ({error!r}): restore a backup of it, or start again") from None
