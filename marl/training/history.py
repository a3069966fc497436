"""progress.json: what a training run has done, written whole after every slice; a killed run goes on from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from marl.blobs import write_atomically
from marl.errors import RunError

FILE = "progress.json"


@dataclass(frozen=True)
class Slice:
    """A finished slice: its number (from 1), env steps and seconds since the start of the run, and its snapshot.

    `scores`: how the snapshot was measured, `marl.evaluation.Score.plain` by opponent; empty where it was not.
    """

    number: int
    env_steps: int
    seconds: float
    snapshot: str
    scores: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass
class History:
    """The finished slices, and the newest checkpoints, the last one being where to go on; `dropped` ones may go."""

    slices: list[Slice] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    @property
    def env_steps(self) -> int:
        """Env steps since the start of the run."""
        return self.slices[-1].env_steps if self.slices else 0

    @property
    def seconds(self) -> float:
        """Run time up to the last slice, over all resumes."""
        return self.slices[-1].seconds if self.slices else 0.0

    def write(self, run: Path) -> None:
        """Write progress.json so that it is there whole or not at all."""
        write_atomically(run / FILE, json.dumps({"format": 1, **asdict(self)}, indent=1).encode())

    @staticmethod
    def read(run: Path) -> History:
        """The history of a run directory; empty where nothing is finished. Raises RunError where it is damaged."""
        try:
            content = json.loads((run / FILE).read_bytes())
            return History([Slice(**entry) for entry in content["slices"]], content["checkpoints"], content["dropped"])
        except FileNotFoundError:
            return History()
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(f"{run / FILE} is damaged ({error}): restore a backup of it, or start again") from None
