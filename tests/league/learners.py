"""A plugin for tests: a quick learner with a checkpoint, and a source of payoffs, which fail, die, or dawdle when told.

The learner averages exact best responses, a step a job, which is fictitious play; what a league makes of it is exact.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from league.payoffs.row import PayoffRow
from league.payoffs.source import Asked
from marl import rng, tabular
from marl.algorithm import Checkpoint, Services, Trained
from marl.job import Job
from marl.registry import Descriptor, hookimpl


@dataclass
class Params:
    """What goes wrong, and how long it takes; `env_steps` is its work by the logical clock.

    "wait": side 0 waits until side 1 has done three jobs, and says so by the marker. `rate`: of each step.
    """

    env_steps: int = 10
    seconds: float = 0.0
    fault: str = ""
    marker: str = ""
    rate: float = 1.0
    """How much of a step it takes."""


class Averager:
    """The mean of best responses to what it met so far."""

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def train(self, job: Job, services: Services) -> Trained:
        """One more best response."""
        time.sleep(self.params.seconds)
        self._fault(job)
        game, side = services.exact(), job.side  # type: ignore[attr-defined]
        decisions = game.form.players[side]
        own = np.zeros(decisions.sequences)
        plans = [own if n == side else game.mixture(n, mixture) for n, mixture in enumerate(job.opponents)]
        plan, value = game.form.best_response(side, plans)
        parent = services.checkpoint(job.parent) if job.parent else None
        count = int(parent.meta["count"]) if parent is not None else 0
        if self.params.fault == "wait" and count == 2:
            Path(self.params.marker).touch()
        before = decisions.plan(decisions.uniform()) if parent is None else parent.arrays["plan"]
        mean = before + self.params.rate / (count + 1) * (plan - before)
        for step in range(3):
            services.log(10 * count + step, env_steps=5, **{"return": value})
        if self.params.fault == "die at the end" and not marked(self.params.marker):
            os.kill(os.getpid(), signal.SIGKILL)
        snapshot = tabular.snapshot(decisions, decisions.behaviour(mean))
        return Trained(snapshot, Checkpoint({"plan": mean}, {"count": count + 1}), {"value": value})

    def _fault(self, job: Job) -> None:
        fault, marker = self.params.fault, Path(self.params.marker or ".")
        if fault == "wait":
            while job.side == 0 and not marker.exists():
                time.sleep(0.01)
            return None
        if fault == "bug":
            return [][0]
        if fault == "exit":
            sys.exit(3)
        if fault == "leak":
            threading.Thread(target=time.sleep, args=(1000,)).start()
        if not fault.startswith("die") or fault.endswith("end") or marked(self.params.marker):
            return None
        if fault == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "die while writing":
            os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
        return None


def marked(marker: str) -> bool:
    """Whether this is not the first time."""
    known = not marker or Path(marker).exists()
    Path(marker or ".").touch()
    return known


@dataclass
class CoinParams:
    """How many tosses, how long a pairing takes, and what goes wrong."""

    matches: int = 20
    seconds: float = 0.0
    fault: str = ""
    marker: str = ""


class Coins:
    """Every pairing is decided by tosses of a coin. Each row is a batch of its own."""

    def __init__(self, services: Any, params: CoinParams | None = None) -> None:
        self.params, self.seed = params or CoinParams(), services.seed
        self.matches = self.params.matches

    def fill(self, asked: Sequence[Asked]) -> Iterator[list[PayoffRow]]:
        """A row each."""
        for number, one in enumerate(asked):
            time.sleep(self.params.seconds)
            if self.params.fault == "raise":
                raise KeyError("a bug")
            if number == 1 and self.params.fault == "die" and not marked(self.params.marker):
                os.kill(os.getpid(), signal.SIGKILL)
            won = 2.0 * (rng.uniform(rng.mix(self.seed, *one.pairing, one.before, range(one.count))) < 0.5) - 1.0
            spread = ((won - won.mean()) ** 2).sum()
            row = PayoffRow(one.pairing, one.before, one.count, (won.mean(), -won.mean()), (spread, spread))
            yield [dataclasses.replace(row, count=None) if self.params.fault == "nonsense" else row]


@hookimpl
def league_payoff_sources() -> list[Descriptor]:
    return [Descriptor("coins", "learners:Coins", "tosses of a coin", params="learners:CoinParams")]


@hookimpl
def marl_algorithms() -> list[Descriptor]:
    summary = "fictitious play, a step a job"
    return [
        Descriptor("averager", "learners:Averager", summary, params="learners:Params"),
        Descriptor("heavy", "heavy:Averager", summary + ", of a module of its own", params="learners:Params"),
    ]
