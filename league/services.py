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
from marl.registry import Registry, load_registry
from marl.scenario import Component
from marl.services import RunServices


class LeagueServices(RunServices):
    """`marl.algorithm.Services` over a registry and a blob store. `seed` is the scenario's.

    They are lent for one purpose at a time: `telling` gives the same with another ear for what is logged, so that what
    a job says is known to be that job's, whatever else goes on. Before that, nobody hears of it.
    """

    def __init__(
        self,
        registry: Registry,
        env: Component,
        blobs: Blobs,
        failures: Failures | None = None,
        seed: int = 0,
        compute: Compute | None = None,
    ) -> None:
        super().__init__(registry, env, blobs, lambda step, values: None, _printed, failures, compute)
        self.seed = seed
        self._apart: Callable[[str, int, dict[str, float]], None] = lambda what, step, values: None

    def telling(
        self,
        heard: Callable[[int, dict[str, float]], None],
        warned: Callable[[str], None],
        apart: Callable[[str, int, dict[str, float]], None] | None = None,
    ) -> Self:
        """The same environment, policies and caches; what is logged goes to `heard`, and sentences to `warned`.

        `apart(what, step, values)` hears of training that is not the league's; see `apart`.
        """
        other = copy(self)
        other.heard, other.warn, other._apart = heard, warned, apart or self._apart
        other._logged = time.perf_counter()  # speeds are this purpose's own
        return other

    def apart(self, what: str) -> Self:
        """The same, for training that is not the league's: what it logs stands in metrics.jsonl as `measure` events."""
        return self.telling(lambda step, values: self._apart(what, step, values), self.warn)


def _printed(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)


@dataclass(frozen=True)
class Lending:
    """What services of a league are made of, for workers elsewhere: `blobs` is a directory that they can reach."""

    env: Component
    blobs: Path
    seed: int = 0
    failures: Failures = field(default_factory=Failures)
    compute: Compute = field(default_factory=Compute)
    url: str | None = None
    """Where blobs are that several machines share; `blobs` then names what keeps copies of them."""

    def services(self, registry: Registry | None = None) -> LeagueServices:
        """New ones, in this process, with the plugins that are installed here."""
        registry = registry or load_registry()
        return LeagueServices(registry, self.env, Blobs(self.blobs, self.url), self.failures, self.seed, self.compute)


def lending_of(config: LeagueConfig, blobs: Path) -> Lending:
    """What the services of a scenario are made of."""
    return Lending(config.env, blobs.absolute(), config.seed, config.failures, config.compute, config.blobs)
