"""What `marl plugins check` does to a sink: it is told of a short run, and of its second half again."""

from __future__ import annotations

import contextlib
import io
import math
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marl.errors import RunError, UserError
from marl.registry import SINKS, Registry, blamed

_EVENTS: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("start", 0, {"name": "check"}),
    ("train", 64, {"return": 0.5, "loss": math.nan, "lr": 1e-3}),
    ("evaluation", 64, {"against": "marl/random", "mean": 0.25, "matches": 8}),
    ("slice", 64, {"snapshot": "0" * 64, "seconds": 1.5}),
    ("iteration", 1, {"measures": {"nash_conv": {"value": 0.1, "low": None}}, "players": [3, 3], "best": True}),
)
_ELSEWHERE = {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}  # nothing of a check goes to a server


def tried(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """Let it take the events of a run, close it, and go on as a resumed run does; "", or why it cannot be made here.

    Raises RunError where it fails, or prints where a program may read.
    """
    subject = registry.describe(SINKS, name)
    with tempfile.TemporaryDirectory() as folder, _apart(Path(folder)):
        run = Path(folder) / "run"
        run.mkdir()
        scenario = {"kind": "train", "name": "check", "env": {"name": "classic/kuhn_poker"}}
        for events in (_EVENTS, _EVENTS[1:]):
            with contextlib.redirect_stdout(io.StringIO()) as said:
                try:
                    sink = registry.make(SINKS, name, params, run=run, scenario=dict(scenario))
                except UserError as error:
                    return str(error)
                for event, step, values in events:
                    with blamed(subject, f"log({event!r}, {step}, ...)", "nothing"):
                        sink.log(event, step, **values)
                with blamed(subject, "close()", "nothing"):
                    sink.close()
            if said.getvalue().strip():
                raise RunError(
                    f"{subject} prints {said.getvalue().strip()[:80]!r}: standard output is for what commands say, and "
                    "remarks go to standard error"
                )
    return ""


@contextlib.contextmanager
def _apart(folder: Path) -> Iterator[None]:
    """In a folder of its own, and with what keeps the trackers that we know from a network."""
    here, before = Path.cwd(), dict(os.environ)
    os.environ.update(_ELSEWHERE | {"MLFLOW_TRACKING_URI": (folder / "mlruns").as_uri()})
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        for key in (*_ELSEWHERE, "MLFLOW_TRACKING_URI"):
            os.environ.pop(key, None)
        os.environ.update(before)
