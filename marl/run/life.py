"""The life of a run, the same for every kind: locked, begun or gone on with, shown, interrupted, and told how it went.

A kind of run brings a `Run`: a loop, and what its display shows.
"""

from __future__ import annotations

import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from rich.console import Console

from marl.blobs import Blobs
from marl.errors import RunError, UserError
from marl.metrics import Metrics
from marl.registry import SINKS, Component, Registry
from marl.registry.local import again
from marl.run.directory import LOCK, goes_on, locked
from marl.run.journal import Entry, settle
from marl.run.pins import Pins
from marl.scenario import Scenario
from marl.sink import Sink
from marl.terminal.display import Display

D = TypeVar("D", bound=Display)


@dataclass(frozen=True)
class Opened:
    """A run directory that is locked, with what runs of all kinds keep in it. `resumed`: a run was there already."""

    scenario: Scenario
    registry: Registry
    out: Path
    resumed: bool
    blobs: Blobs
    metrics: Metrics
    pins: Pins

    def settle(self, at: Mapping[str, float]) -> list[Entry]:
        """Everything is known to be right: write down what this run is, and whom it meets. See `journal.settle`."""
        added = settle(self.scenario, self.registry, self.out, at)
        self.pins.write()
        return added


@contextmanager
def opened(
    scenario: Scenario, registry: Registry, out: Path, resume: bool, *, proof: str, what: str
) -> Iterator[Opened]:
    """Open `out` for a new run, or for the one that is there if it is of the same scenario.

    `proof`: the file that only a run of this kind, `what`, has. Raises UserError, see `locked` and `goes_on`. A new run
    that is refused, by a UserError before anything of it is logged, leaves no directory behind.
    """
    with locked(out):
        new = {path.name for path in out.iterdir()} == {LOCK}
        resumed = goes_on(out, proof, what, scenario, resume)
        blobs, log = Blobs(out / "blobs"), out / "metrics.jsonl"
        blobs.sweep()
        try:
            with closing(Metrics(log, _sinks(scenario, registry, out))) as metrics:
                yield Opened(scenario, registry, out, resumed, blobs, metrics, Pins(out, blobs, registry))
        except UserError:
            if new and not (log.exists() and log.stat().st_size):
                shutil.rmtree(out, ignore_errors=True)  # as far as may be: it could be where we stand
            raise


def _sinks(scenario: Scenario, registry: Registry, out: Path) -> dict[str, Sink]:
    """The sinks that a scenario names, by name; a note for each that cannot be here."""
    import yaml  # type: ignore[import-untyped]

    found: dict[str, Sink] = {}
    wanted: list[Component] = getattr(scenario.config, "sinks", [])
    resolved = yaml.safe_load(scenario.text) if wanted else {}  # passwords stand there as what they are read from
    for one in wanted:
        try:
            found[one.name] = registry.make(SINKS, one.name, one.params, run=out, scenario=resolved)
        except (UserError, RunError) as error:
            print(f"note: the sink {one.name} is left out: {error}", file=sys.stderr)
    return found


class Run(ABC, Generic[D]):
    """A run of some kind, ready to work. `again`: the command that goes on with it."""

    stays: ClassVar[str] = "nothing is lost: go on with"
    """What is said when it is interrupted, before `again`."""

    def __init__(self, again: str) -> None:
        self.again = again

    @abstractmethod
    def display(self, console: Console) -> D:
        """What shows how it goes on."""

    @abstractmethod
    def work(self, display: D) -> None:
        """Work to the end, and tell the display. A KeyboardInterrupt may come at any time."""

    @abstractmethod
    def report(self) -> Path | None:
        """Write its page, and say where; None where it has none."""

    @abstractmethod
    def summary(self, console: Console) -> list[str]:
        """How it went, in lines; or on the console, where lines are not enough."""

    @abstractmethod
    def following(self) -> list[str]:
        """The commands that come next."""


def carry_out(run: Run[D]) -> None:
    """Work to the end with a display, then write the report, say how it went, and what comes next."""
    console = Console(highlight=False)
    try:
        with run.display(console) as display:
            run.work(display)
    except KeyboardInterrupt as reason:
        line = f"{str(reason) or 'stopped'}; {run.stays} `{again(run.again)}`"
        console.print(line, markup=False, soft_wrap=True)
        raise
    report = run.report()  # before anything is printed: `| head` stops reading when it has enough
    lines = [*run.summary(console), *([f"report  {report}"] if report else [])]
    lines += [f"{'' if number else 'next':<8}{again(command)}" for number, command in enumerate(run.following())]
    console.print("\n".join(lines), markup=False, soft_wrap=True)
