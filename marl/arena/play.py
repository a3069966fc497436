"""Play: the loop that everything stands on. All lanes in lockstep, one `act` per policy and group a tick.

And what becomes of a match in which the environment fails. What is played in which lane is `marl.arena.matches`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np

from marl import rng
from marl.algorithm import Checkpoint
from marl.arena import turns
from marl.arena.failure import Log
from marl.arena.matches import Matches
from marl.arena.pairings import Source
from marl.arena.queue import environment_seeds
from marl.arena.seats import Moves
from marl.arena.tolerance import Failures, Tolerance, attempt
from marl.env import Environment, Forkable, LanesFailed, Step, Turn, join_turns, turn_of
from marl.errors import UserError
from marl.policy import Policy
from marl.types import Array, Ints

__all__ = ["Moves", "Play", "Recorder", "environment_seeds"]
_NOBODY: Ints = np.zeros(0, dtype=np.int64)


class Recorder(Protocol):
    """Watches a play. Both calls come before the play's own state moves on."""

    def acted(self, play: Play, moves: Moves) -> None:
        """One policy answered these rows; called once per policy, group and tick."""

    def stepped(self, play: Play, step: Step) -> None:
        """The environment was stepped; lanes that are done still show the match that ended."""

    def void(self, play: Play, lanes: Ints) -> None:
        """The matches in these lanes, which are still shown, will be played again with other seeds: forget them."""


class Play(Matches):
    """Goes on with matches in progress, tick by tick.

    Where the environment fails, `tolerance` says whether the play goes on; without it, it does not. A match that failed
    is void: it begins again with a seed that follows from its own. So does one that a checkpoint does not bring back as
    it was (`changed` counts those).
    """

    def __init__(
        self,
        environment: Environment,
        policies: Sequence[Policy],
        source: Source,
        recorders: Sequence[Recorder] = (),
        checkpoint: Checkpoint | None = None,
        tolerance: Tolerance | None = None,
    ) -> None:
        super().__init__(environment, source, tolerance.limit if tolerance is not None else Failures())
        self.recorders = tuple(recorders)
        self._log = Log(self.spec, environment.lanes)
        self._tolerance = tolerance
        self.use(policies, source)
        if checkpoint is None:
            self._begin(self.live, self.turn, self._next(np.arange(environment.lanes)))
        else:
            self._resume(checkpoint)

    def tick(self) -> None:
        """Ask every row's policy, step every live lane once, and refill the lanes whose matches ended."""
        if self.over:
            raise ValueError("every match has ended and the source has no more: there is nothing to play")
        step, void = self._step(self._answers())
        self.clock += 1
        self.ticks += 1
        ended, kept, turn = _NOBODY, _NOBODY, self._no_turn
        if step is not None:
            self._earn(step.rewards)
            for recorder in self.recorders:
                recorder.stepped(self, step)
            kept, turn = self.live, step.turn
            if step.done.any():
                ended, kept = self.live[step.done], self.live[~step.done]
                self._conclude(step, ended)
        if len(ended) or len(void):
            self._begin(kept, turn, self._next(ended), void)
        else:
            self.turn = turn

    def _step(self, actions: list[Array | None]) -> tuple[Step | None, Ints]:
        """One tick: the step of the lanes that are `live` from now on, and those that failed."""
        self._log.add(self.turn, actions)
        try:
            step, failed = attempt(lambda: self.environment.step(self.live, actions))
            if step is not None:
                self._contract.step(step, self.ticks[step.lanes] + 1)
        except UserError:
            raise
        except Exception as error:
            self._fail_all(error, self.live, self.ticks[self.live] + 1)
            return None, self.live
        if failed is None:
            return step, _NOBODY
        lost = np.isin(self.live, list(failed.errors))
        void = self.live[lost]
        self._fail(failed, void, self.ticks[void] + 1)
        self.live = self.live[~lost]
        return step, void

    def _begin(self, kept: Ints, turn: Turn, lanes: Ints, void: Ints = _NOBODY) -> None:
        """Go on in `kept`, whose rows are in `turn`; begin the matches of `lanes`, and those in `void` once more."""
        parts = [turn] if len(kept) else []
        while len(lanes) or len(void):
            if len(void):
                for recorder in self.recorders:
                    recorder.void(self, void)
                lanes, void = np.concatenate([lanes, self._again(void)]), _NOBODY
            try:
                started, failed = attempt(partial(self._reset, lanes))
                if started is not None:
                    self._contract.begin(lanes, started)
            except UserError:
                raise
            except Exception as error:
                self._fail_all(error, lanes, self.ticks[lanes], others=len(kept))
                void, kept, lanes, parts = np.concatenate([kept, lanes]), _NOBODY, _NOBODY, []
                continue
            if failed is not None:
                lost = np.isin(lanes, list(failed.errors))
                void, lanes = lanes[lost], lanes[~lost]
                self._fail(failed, void, self.ticks[void])
            if started is not None:
                parts.append(started)
            kept, lanes = np.concatenate([kept, lanes]), _NOBODY
        self.live, self.turn = kept, join_turns(parts) if parts else self._no_turn

    def _reset(self, lanes: Ints) -> Turn:
        seeds = self._environment_seeds[lanes]
        if self.spec.tasks is None:
            return self.environment.reset(lanes, seeds)
        return self.environment.reset(lanes, seeds, self.tasks[lanes])

    def _fail(self, failed: LanesFailed, lanes: Ints, ticks: Ints) -> None:
        """Put up with failures of single lanes. Raises EnvironmentFailed where that is too much."""
        for index, lane in enumerate(lanes.tolist()):
            here = slice(index, index + 1)
            self._put_up_with(failed.errors[lane], lanes[here], ticks[here], 0)

    def _fail_all(self, error: Exception, lanes: Ints, ticks: Ints, others: int = 0) -> None:
        """Put up with a failure in one of `lanes` that takes all with it, and go on with a new environment."""
        self._put_up_with(error, lanes, ticks, others)
        assert self._tolerance is not None
        self.environment = self._tolerance.make(self.environment.lanes)

    def _put_up_with(self, error: Exception, lanes: Ints, ticks: Ints, others: int) -> None:
        tasks = None if self.spec.tasks is None else self.tasks[lanes]
        failure = self._log.failed(error, lanes, self._environment_seeds[lanes], ticks, tasks)
        failure.void = len(lanes) + others
        if self._tolerance is None:
            raise failure from error
        if not self._failures.add(self.started):
            ended = self.started > self.environment.lanes  # a game that never came to an end has a bug, not bad luck
            failure.advice = str(self._failures) if ended else ""
            raise failure from error
        self._tolerance.told(failure)

    def _answers(self) -> list[Array | None]:
        slots, keys = [], []
        for rows in self.turn:
            slot = _NOBODY if rows is None else rows.lane * len(self.spec.agents) + rows.agent
            slots.append(slot)
            now = _NOBODY if rows is None else self.ticks[rows.lane]
            keys.append(rng.extend(self._keys.reshape(-1)[slot], now))
        watch = self._watch if self.recorders else None
        return self._seats.answers(self.turn, slots, keys, self._seat.reshape(-1), watch)

    def _watch(self, moves: Moves) -> None:
        for recorder in self.recorders:
            recorder.acted(self, moves)

    def _resume(self, checkpoint: Checkpoint) -> None:
        """Take up the matches of a checkpoint."""
        environment, arrays = self.environment, checkpoint.arrays
        if not isinstance(environment, Forkable):
            raise UserError("this environment cannot load matches in progress (it is not Forkable)")
        self._load(checkpoint)
        if len(self.live):
            saved = {name.removeprefix("turn "): array for name, array in arrays.items() if name.startswith("turn ")}
            self._restore(environment, arrays["environment"].tobytes(), saved)

    def _restore(self, environment: Forkable, blob: bytes, saved: dict[str, Array]) -> None:
        """Load the environment's part. Matches that do not come back as they were begin again, with other seeds."""
        try:
            loaded, _ = attempt(lambda: environment.load(self.live, blob))
        except UserError:
            raise
        except Exception:  # whatever it is, it comes of playing matches again that go another way now
            if not saved or self._tolerance is None:
                raise
            loaded, self.environment = None, self._tolerance.make(self.environment.lanes)
        turn = self._no_turn if loaded is None else loaded
        same = turns.same(saved, turn, self.live) if saved else np.ones(len(self.live), dtype=np.bool_)
        void, kept = self.live[~same], self.live[same]
        self.changed = len(void)
        if len(void):
            self._begin(kept, turn_of(turn, kept), _NOBODY, void)
        else:
            self.turn = turn
