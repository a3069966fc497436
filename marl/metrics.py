"""metrics.jsonl: one JSON object an event, with "event", "time" (seconds since 1970), "step", then named values."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from marl.blobs import write_atomically
from marl.errors import RunError
from marl.sink import Sink


class Metrics:
    """Appends events to a file. Each line is handed to the system at once, so a killed run keeps them.

    `sinks`: by name, who gets every event after that. One that raises is left out from then on.
    """

    def __init__(self, path: Path, sinks: Mapping[str, Sink] | None = None) -> None:
        self.path = path
        self._sinks = dict(sinks or {})
        self._file = path.open("ab", buffering=0)

    def log(self, event: str, step: int, **values: Any) -> None:
        """Append one event. Raises RunError when the disk is full."""
        line = json.dumps({"event": event, "time": round(time.time(), 3), "step": step, **values})
        try:
            self._file.write(line.encode() + b"\n")
        except OSError as error:
            raise RunError(f"could not write {self.path}: {error.strerror}; free some space and resume") from error
        for name, sink in list(self._sinks.items()):
            self._ask(name, partial(sink.log, event, step, **values))

    def _ask(self, name: str, question: Callable[[], None]) -> None:
        try:
            question()
        except Exception as error:  # a server that is away is no reason to stop
            del self._sinks[name]
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            print(f"note: the sink {name} is left out from here: {reason}; {self.path} has it all", file=sys.stderr)

    def keep(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Drop the events that are not `wanted`, and lines cut short: what a killed run wrote past its last commit."""
        with self.path.open("rb") as file:  # mostly there is nothing to drop, and a long file to hold
            if all(line.endswith(b"\n") and (event := _event(line)) is not None and wanted(event) for line in file):
                return
        lines = [json.dumps(event) for event in read(self.path) if wanted(event)]
        self._file.close()
        write_atomically(self.path, "".join(line + "\n" for line in lines).encode())
        self._file = self.path.open("ab", buffering=0)

    def close(self) -> None:
        """Let go of the file, and of the sinks."""
        self._file.close()
        for name, sink in list(self._sinks.items()):
            self._ask(name, sink.close)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a metrics file; lines cut short are skipped."""
    with path.open("rb") as file:
        for line in file:
            if (event := _event(line)) is not None:
                yield event


def _event(line: bytes) -> dict[str, Any] | None:
    """The event of a line, or None where it is cut short."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
