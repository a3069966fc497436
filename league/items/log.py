"""What is said of items while they are worked on: into metrics.jsonl, and for whoever shows how it goes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from league.items.item import Item, JobItem, Logged, Warned
from marl.metrics import Metrics, read

_SHOWN = 512  # updates


@dataclass
class Learning:
    """The curve of one job: the mean returns of its newest updates, and all that the last one logged."""

    returns: list[float] = field(default_factory=list)
    latest: dict[str, float] = field(default_factory=dict)


@dataclass
class TrainingLog:
    """Hears what is told of jobs. `steps`: environment steps of all training so far; `tell` is called at every word."""

    metrics: Metrics
    steps: int = 0
    going: dict[int, Learning] = field(default_factory=dict)
    newest: Learning = field(default_factory=Learning)  # of the job that was heard of last
    tell: Callable[[], None] = lambda: None

    def heard(self, item: Item, said: object) -> None:
        """Take what a worker tells of an item."""
        match said:
            case Logged(step, values, what):
                if isinstance(item, JobItem):
                    self._logged(item, step, dict(values))
                else:
                    names = {"iteration": item.iteration} | item.names
                    self.metrics.log("measure", step, **names, what=what or str(item), **values)
            case Warned(text):
                self.metrics.log("warning", self.steps, **{"iteration": item.iteration} | item.names, text=text)
                print(f"warning: {text}", file=sys.stderr)

    def ended(self, item: JobItem) -> None:
        """A job is over: its curve is no longer shown."""
        self.going.pop(item.number, None)

    def again(self, item: Item) -> None:
        """An item is done again from its beginning: what was said of it is taken back."""
        self.metrics.keep(lambda event: any(event.get(name) != value for name, value in item.names.items()))
        if isinstance(item, JobItem):
            self.ended(item)
            self.count()

    def count(self) -> None:
        """Add up the steps that are in metrics.jsonl."""
        events = (event for event in read(self.metrics.path) if event["event"] == "train")
        self.steps = sum(int(event.get("env_steps", 0)) for event in events)

    def _logged(self, item: JobItem, step: int, values: dict[str, float]) -> None:
        self.metrics.log("train", step, iteration=item.iteration, job=item.job.id, side=item.side, **values)
        self.steps += int(values.get("env_steps", 0))
        self.newest = self.going.setdefault(item.number, Learning())
        self.newest.latest = values
        returns = [value for name, value in values.items() if name.rpartition("/")[2] == "return"]
        if returns:
            self.newest.returns = [*self.newest.returns[1 - _SHOWN :], sum(returns) / len(returns)]
        self.tell()
