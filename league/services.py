"""What the league lends to algorithms: the services of any run, and a log that knows the iteration."""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import copy

from marl.arena import Failures
from marl.blobs import Blobs
from marl.compute import Compute
from marl.metrics import Metrics
from marl.registry import Registry
from marl.scenario import Component
from marl.services import RunServices


class LeagueServices(RunServices):
    """`marl.algorithm.Services` over a registry and a blob store; what algorithms log goes to metrics.jsonl.

    `seed` is the scenario's.
    `iteration` and `job` (its id, and the side that learns) are worked on now, `returns` are those of its updates so
    far, `steps` are the environment steps of all training so far, `latest` is what was logged last. `tell` is called
    whenever they change.
    """

    def __init__(
        self,
        registry: Registry,
        env: Component,
        blobs: Blobs,
        metrics: Metrics,
        failures: Failures | None = None,
        seed: int = 0,
        compute: Compute | None = None,
    ) -> None:
        super().__init__(registry, env, blobs, self._note, self._warned, failures, compute)
        self.metrics = metrics
        self.seed = seed
        self.iteration = 0
        self.job = ""
        self.side = ""
        self.returns: list[float] = []
        self.steps = 0
        self.latest: dict[str, float] = {}
        self.tell: Callable[[], None] = lambda: None

    def _warned(self, text: str) -> None:
        self.metrics.log("warning", self.steps, iteration=self.iteration, job=self.job, text=text)
        print(f"warning: {text}", file=sys.stderr)

    def apart(self, what: str) -> LeagueServices:
        """The same, for training that is not the league's: what it logs stands in metrics.jsonl as `measure` events."""
        other = copy(self)
        other.heard = lambda step, values: self.metrics.log(
            "measure", step, iteration=self.iteration, what=what, **values
        )
        return other

    def begin(self, job: str, side: str) -> None:
        """What is logged from here on belongs to this job."""
        self.job, self.side, self.returns, self.latest = job, side, [], {}

    def _note(self, step: int, values: dict[str, float]) -> None:
        """One line in metrics.jsonl."""
        self.metrics.log("train", step, iteration=self.iteration, job=self.job, side=self.side, **values)
        self.steps += int(values.get("env_steps", 0))
        self.latest = values
        returns = [value for name, value in values.items() if name.rpartition("/")[2] == "return"]
        if returns:
            self.returns.append(sum(returns) / len(returns))
        self.tell()
