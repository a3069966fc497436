"""Sinks: where a run's numbers go beside metrics.jsonl, which every run has. What a plugin may bring is a `Sink`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol


class Sink(Protocol):
    """Takes the events of a run, in their order. A sink that raises is left out from then on; the run goes on."""

    def log(self, event: str, step: int, **values: Any) -> None:
        """Take an event ("train", "slice", "evaluation", "iteration", ...) at a step (env steps, or iterations).

        After a resume steps may come again that were logged before: what a killed run did past its last commit.
        """

    def close(self) -> None:
        """Write what is left."""


def scalars(event: str, values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers among `values`, as "event/name"; of evaluations "event/opponent/name"."""
    under = f"{event}/{values['against']}" if "against" in values else event
    for name, value in values.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{under}/{name}", float(value)
        elif isinstance(value, Mapping):
            yield from scalars(f"{under}/{name}", value)
