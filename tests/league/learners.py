"""A plugin for tests: a quick learner with a checkpoint, which can be told to fail, to die, or to dawdle.

It averages exact best responses, a step a job, which is fictitious play; what a league makes of it is exact.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from marl import tabular
from marl.algorithm import Checkpoint, Services, Trained
from marl.job import Job
from marl.registry import Descriptor, hookimpl


@dataclass
class Params:
    """What goes wrong, and how long it takes; `env_steps` is its work by the logical clock.

    "wait": side 0 waits until side 1 has done three jobs, and says so by the marker.
    """

    env_steps: int = 10
    seconds: float = 0.0
    fault: str = ""
    marker: str = ""


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
        mean = plan if parent is None else (count * parent.arrays["plan"] + plan) / (count + 1)
        for step in range(3):
            services.log(10 * count + step, env_steps=5, **{"return": value})
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
        if not self.params.marker or marker.exists():
            return None
        marker.touch()
        if fault == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "die while writing":
            os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
        return None


@hookimpl
def marl_algorithms() -> list[Descriptor]:
    return [Descriptor("averager", "learners:Averager", "fictitious play, a step a job", params="learners:Params")]
