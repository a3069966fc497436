"""What a league lends: to algorithms, to measures, to sources of payoffs. Nothing here knows what goes on just now."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from league.config import LeagueConfig
from marl.arena import Failures
from marl.blobs import Blobs
from marl.compute import Compute
from marl.metrics import Metrics
from marl.registry import Registry, load_registry
from marl.scenario import Component
from marl.services import RunServices


class LeagueServices(RunServices):
    """`marl.algorithm.Services` over a registry and a blob store. `seed` is the scenario's.

    They are lent for one purpose at a time: `telling` gives the same with another ear for what is logged, so that what
    a job says is known to be that job's, whatever else goes on.
    """

    def __init__(
        self,
        registry: Registry,
        env: Component,
        blobs: Blobs,
        metrics: Metrics | None = None,
        failures: Failures | None = None,
        seed: int = 0,
        compute: Compute | None = None,
    ) -> None:
        super().__init__(registry, env, blobs, self._note, self._warned, failures, compute)
        self.metrics = metrics
        self.seed = seed
        self.iteration = 0

    def telling(self, heard: Callable[[int, dict[str, float]], None], warned: Callable[[str], None]) -> Self:
        """The same environment, policies and caches; what is logged goes to `heard`, and sentences to `warned`."""
        other = copy(self)
        other.heard, other.warn = heard, warned
        other._logged = time.perf_counter()  # speeds are this purpose's own
        return other

    def after(self, iteration: int) -> Self:
        """The same, for what is done at the end of an iteration."""
        other = copy(self)
        other.iteration = iteration
        other.heard, other.warn = other._note, other._warned
        return other

    def apart(self, what: str) -> Self:
        """The same, for training that is not the league's: what it logs stands in metrics.jsonl as `measure` events."""

        def heard(step: int, values: dict[str, float]) -> None:
            if self.metrics is not None:
                self.metrics.log("measure", step, iteration=self.iteration, what=what, **values)

        return self.telling(heard, self.warn)

    def _note(self, step: int, values: dict[str, float]) -> None:
        if self.metrics is not None:
            self.metrics.log("train", step, iteration=self.iteration, **values)

    def _warned(self, text: str) -> None:
        if self.metrics is not None:
            self.metrics.log("warning", self.iteration, iteration=self.iteration, text=text)
        print(f"warning: {text}", file=sys.stderr)


@dataclass(frozen=True)
class Lending:
    """What services of a league are made of, for workers elsewhere: `blobs` is a directory that they can reach."""

    env: Component
    blobs: Path
    seed: int = 0
    failures: Failures = field(default_factory=Failures)
    compute: Compute = field(default_factory=Compute)

    def services(self) -> LeagueServices:
        """New ones, in this process, with the plugins that are installed here."""
        return LeagueServices(
            load_registry(), self.env, Blobs(self.blobs), None, self.failures, self.seed, self.compute
        )


def lending_of(config: LeagueConfig, blobs: Path) -> Lending:
    """What the services of a scenario are made of."""
    return Lending(config.env, blobs.absolute(), config.seed, config.failures, config.compute)
