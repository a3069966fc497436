"""Work on jobs without a league: services over an exact game."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("marl_classic", reason="needs the plugin classic")

from marl.algorithm import Trained
from marl.blobs import Blobs
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Component, load_registry
from marl.services import RunServices, train


class Desk:
    """One environment, and jobs on it. Snapshots and checkpoints are kept, so that jobs may go on from them."""

    def __init__(self, blobs: Blobs, env: str, **params: Any) -> None:
        self.registry = load_registry()
        self.services = RunServices(self.registry, Component(env, params), blobs, lambda step, values: None)
        self.form = self.services.exact().form

    def work(
        self, algorithm: str, *, opponents: Any = None, side: int = 0, parent: str | None = None, **params: Any
    ) -> Trained:
        """Train; against itself, unless there are opponents."""
        everyone = tuple(() if n == side else ((SELF, 1.0),) for n in range(len(self.form.players)))
        job = Job(algorithm, side, everyone if opponents is None else opponents, 0, parent, params=params)
        return train(self.registry, self.registry.make(ALGORITHMS, algorithm, params), job, self.services)

    def keep(self, trained: Trained) -> tuple[str, str]:
        """The ids of its snapshot and its checkpoint, stored."""
        assert trained.checkpoint is not None
        return self.services.blobs.put_snapshot(trained.snapshot), self.services.blobs.put_checkpoint(
            trained.checkpoint
        )

    def plans(self, *snapshots: str) -> list[Any]:
        """How stored players play, one for each side; or one for all."""
        players = snapshots * (len(self.form.players) if len(snapshots) == 1 else 1)
        return [self.services.exact().plan(side, id) for side, id in enumerate(players)]

    def nash_conv(self, *snapshots: str) -> float:
        """What everybody could gain."""
        return self.form.nash_conv(self.plans(*snapshots))


@pytest.fixture
def desk(tmp_path: Any) -> Callable[..., Desk]:
    """A desk over an environment and its parameters."""
    return lambda env, **params: Desk(Blobs(tmp_path / "blobs"), env, **params)
