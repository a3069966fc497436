"""The arena's two faces: play a list of matches to the end, or collect rows from matches that never end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from marl.algorithm import Checkpoint
from marl.arena.failure import EnvironmentFailed
from marl.arena.pairings import Pairings, Source
from marl.arena.play import Play, Recorder
from marl.arena.record import Record
from marl.arena.recorder import TrajectoryRecorder
from marl.arena.results import Results
from marl.arena.tolerance import Tolerance
from marl.env import Environment
from marl.errors import RunError
from marl.policy import Policy
from marl.trajectory import Trajectory

_VAIN = 10_000  # matches without a row of a learner that are enough to give up


class Arena:
    """Plays matches on the lanes of one environment.

    With `tolerance`, matches may fail: they are played again with other seeds, and counted in `void`.
    """

    def __init__(self, environment: Environment, tolerance: Tolerance | None = None) -> None:
        self.environment = environment
        self.void = 0
        self._tolerance = None if tolerance is None else replace(tolerance, told=self._told)
        self._tell = None if tolerance is None else tolerance.told

    def play(self, policies: Sequence[Policy], pairings: Pairings, recorders: Sequence[Recorder] = ()) -> Results:
        """Play every pairing to its end; the results are in the order of the pairings.

        `pairings.players` index into `policies`. Results do not depend on the number of lanes. Raises UserError where
        pairings and policies do not fit the environment.
        """
        play = Play(self.environment, policies, pairings, recorders, tolerance=self._tolerance)
        while not play.over:
            play.tick()
        self.environment = play.environment
        return play.drain()

    def _told(self, failure: EnvironmentFailed) -> None:
        assert self._tell is not None
        self.void += failure.void
        self._tell(failure)


class Sampler:
    """Collects the rows of learning players from matches that go on from one call to the next."""

    def __init__(
        self,
        environment: Environment,
        policies: Sequence[Policy],
        source: Source,
        learners: Sequence[int],
        checkpoint: Checkpoint | None = None,
        tolerance: Tolerance | None = None,
        record: Record | None = None,
    ) -> None:
        self.recorder = TrajectoryRecorder(environment.spec, environment.lanes, learners, record)
        rows = _part(checkpoint, "rows ")
        if rows is not None:
            self.recorder.load(rows)
        self.play = Play(environment, policies, source, [self.recorder], _part(checkpoint, "play "), tolerance)

    def collect(self, rows: int) -> tuple[Trajectory, ...]:
        """Play on until `rows` complete rows of learners are there, and hand over exactly so many, per group.

        Fewer only where the source of matches runs out; more where the record is of whole matches. Matches that ended
        meanwhile wait in `play.drain()`. Raises RunError where match after match ends before a learner has had its
        turn.
        """
        play, recorder = self.play, self.recorder
        before = play.started
        while not play.over and (recorder.size < rows or recorder.complete(play) < rows):
            play.tick()
            if not recorder.size and play.started - before > _VAIN + play.environment.lanes:
                raise RunError(f"{_VAIN:,} matches ended before a learner had its turn: there is nothing to learn from")
        return recorder.take(play, rows)

    def save(self) -> Checkpoint:
        """Matches in progress and the rows not yet handed over; needs a `Forkable` environment."""
        play, rows = self.play.save(), self.recorder.save()
        arrays = {f"play {name}": array for name, array in play.arrays.items()}
        return Checkpoint(arrays | {f"rows {name}": array for name, array in rows.arrays.items()}, play.meta)


def _part(checkpoint: Checkpoint | None, prefix: str) -> Checkpoint | None:
    if checkpoint is None:
        return None
    arrays = {name.removeprefix(prefix): a for name, a in checkpoint.arrays.items() if name.startswith(prefix)}
    return Checkpoint(arrays, checkpoint.meta)
