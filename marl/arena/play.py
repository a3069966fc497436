"""Play: the loop that everything stands on. All lanes in lockstep, one `act` per policy and group a tick.

Who plays where is array indices: a *slot* is lane times N plus agent, and every per-agent array is flat over slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np

from marl import rng
from marl.algorithm import Checkpoint
from marl.arena import results, turns
from marl.arena.contract import Contract
from marl.arena.failure import Log
from marl.arena.pairings import Source
from marl.arena.queue import Queue, agent_keys, environment_seeds
from marl.arena.seats import Moves, Seats
from marl.arena.tolerance import Count, Failures, Tolerance, attempt
from marl.env import Environment, Forkable, LanesFailed, Step, Turn, join_turns, turn_of
from marl.errors import UserError
from marl.policy import Policy
from marl.types import Array, Floats, Ints, Keys

__all__ = ["Moves", "Play", "Recorder", "environment_seeds"]
_NOBODY: Ints = np.zeros(0, dtype=np.int64)
_AGAIN = 0x616761696E  # sets the seed of a match that is played again apart from that of the void one


class Recorder(Protocol):
    """Watches a play. Both calls come before the play's own state moves on."""

    def acted(self, play: Play, moves: Moves) -> None:
        """One policy answered these rows; called once per policy, group and tick."""

    def stepped(self, play: Play, step: Step) -> None:
        """The environment was stepped; lanes that are done still show the match that ended."""

    def void(self, play: Play, lanes: Ints) -> None:
        """The matches in these lanes, which are still shown, will be played again with other seeds: forget them."""


class Play:
    """Matches in progress on an environment's lanes. It owns the environment until it is over.

    Attributes, all by lane: `match` `int64[L]` (the number of the match), `seeds` `uint64[L]`, `tasks` `int64[L]` (-1
    in an environment without tasks), `players` `int64[L, S]`, `agent_player` `int64[L, N]`, `ticks` `int64[L]` (the
    match's own), `returns` `float64[L, N]` so far. `live`: the lanes that are playing, in the canonical order of
    `turn`. `clock` counts the ticks of the play.

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
        self.environment = environment
        self.spec = spec = environment.spec
        self.recorders = tuple(recorders)
        lanes, agents = environment.lanes, len(spec.agents)
        self.clock = 0
        self.match: Ints = np.full(lanes, -1, dtype=np.int64)
        self.seeds: Keys = np.zeros(lanes, dtype=np.uint64)
        self.tasks: Ints = np.full(lanes, -1, dtype=np.int64)
        self.players: Ints = np.zeros((lanes, len(spec.sides)), dtype=np.int64)
        self.agent_player: Ints = np.zeros((lanes, agents), dtype=np.int64)
        self.ticks: Ints = np.zeros(lanes, dtype=np.int64)
        self.returns: Floats = np.zeros((lanes, agents))
        self._keys: Keys = np.zeros((lanes, agents), dtype=np.uint64)
        self._seat: Array = np.zeros((lanes, agents), dtype=np.int16)
        self._seats = Seats(spec, lanes * agents)
        self._queue = Queue(spec, source, 0)
        self._log = Log(spec, lanes)
        self._contract = Contract(spec, lanes)
        self._tolerance = tolerance
        self._failures = Count(tolerance.limit if tolerance is not None else Failures())
        self.changed = 0
        self._ended: list[dict[str, Array]] = [results.empty(spec)]
        self.live: Ints = np.zeros(0, dtype=np.int64)
        self._no_turn: Turn = (None,) * len(spec.groups)
        self.turn: Turn = self._no_turn
        self.policies: tuple[Policy, ...] = ()
        self.use(policies, source)
        if checkpoint is None:
            self._begin(self.live, self.turn, self._next(np.arange(lanes)))
        else:
            self._load(checkpoint)

    @property
    def started(self) -> int:
        """How many matches were begun so far."""
        return self._queue.number

    @property
    def over(self) -> bool:
        """Whether every match has ended and the source has no more."""
        return len(self.live) == 0

    def use(self, policies: Sequence[Policy], source: Source) -> None:
        """Go on with these policies and this source; matches in progress keep their players, by index.

        A policy may be replaced by a newer version of itself at the same index; anybody else comes in between matches.
        """
        needed = int(self.agent_player[self.live].max(initial=-1)) + 1
        if len(policies) < max(needed, 1):
            raise UserError(f"{len(policies)} policies are not enough: matches in progress have players up to {needed}")
        self.policies = tuple(policies)
        self._seats.take(policies)
        self._seat = np.ascontiguousarray(self._seats.of_player[np.minimum(self.agent_player, len(policies) - 1)])
        self._queue.use(source, len(policies))

    def tick(self) -> None:
        """Ask every row's policy, step every live lane once, and refill the lanes whose matches ended."""
        if self.over:
            raise ValueError("every match has ended and the source has no more: there is nothing to play")
        step, void = self._step([self._answer(group) for group in range(len(self.turn))])
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

    @property
    def _saved(self) -> tuple[str, ...]:
        return _SAVED if self.spec.tasks is None else (*_SAVED, "tasks")

    def drain(self) -> results.Results:
        """The matches that ended since the last call, sorted by number."""
        blocks, self._ended = self._ended, [results.empty(self.spec)]
        return results.gather(self.spec, blocks)

    def memory(self, slot: Ints) -> Array | None:
        """What the policies at these slots remember now, `[K, ...]`; None where they have no memory."""
        return self._seats.memory(self._seat.reshape(-1)[slot], slot)

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
        seeds = environment_seeds(self.seeds[lanes])
        if self.spec.tasks is None:
            return self.environment.reset(lanes, seeds)
        return self.environment.reset(lanes, seeds, self.tasks[lanes])

    def _again(self, lanes: Ints) -> Ints:
        """Set the void matches in `lanes` back to their start, with other seeds and the same tasks."""
        for recorder in self.recorders:
            recorder.void(self, lanes)
        self.seeds[lanes] = rng.mix(self.seeds[lanes], _AGAIN)
        self._keys[lanes] = agent_keys(self.seeds[lanes], np.arange(len(self.spec.agents), dtype=np.uint64))
        self.ticks[lanes] = 0
        self.returns[lanes] = 0.0
        return lanes

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
        failure = self._log.failed(error, lanes, environment_seeds(self.seeds[lanes]), ticks, tasks)
        failure.void = len(lanes) + others
        if self._tolerance is None:
            raise failure from error
        if not self._failures.add(self.started):
            ended = self.started > self.environment.lanes  # a game that never came to an end has a bug, not bad luck
            failure.advice = str(self._failures) if ended else ""
            raise failure from error
        self._tolerance.told(failure)

    def _answer(self, group: int) -> Array | None:
        rows = self.turn[group]
        if rows is None or not len(rows):
            return None
        slot = rows.lane * len(self.spec.agents) + rows.agent
        keys = rng.extend(self._keys.reshape(-1)[slot], self.ticks[rows.lane])
        return self._seats.answer(rows, slot, keys, self._seat.reshape(-1), self._watch if self.recorders else None)

    def _watch(self, moves: Moves) -> None:
        for recorder in self.recorders:
            recorder.acted(self, moves)

    def _earn(self, rewards: Floats) -> None:
        paid = rewards.reshape(-1).nonzero()[0]
        if 4 * len(paid) > rewards.size:
            self.returns[self.live] += rewards
        elif len(paid):
            row, agent = np.divmod(paid, rewards.shape[1])
            self.returns[self.live[row], agent] += rewards[row, agent]

    def _conclude(self, step: Step, lanes: Ints) -> None:
        """Write down the results of the matches that ended, which are those of `lanes`."""
        ended = np.flatnonzero(step.done)
        self._ended.append(
            {
                "match": self.match[lanes],
                "players": self.players[lanes],
                "seeds": self.seeds[lanes],
                "task": self.tasks[lanes],
                "agent_returns": self.returns[lanes],
                "length": self.ticks[lanes],
                "fault": step.fault[ended],
                "truncated": np.asarray(step.truncated[ended].any(axis=1)),
            }
        )

    def _next(self, lanes: Ints) -> Ints:
        """Seat the next matches in `lanes`, as many as there are; the lanes that have one, not yet reset."""
        starts = self._queue.take(len(lanes))
        idle = lanes[len(starts) :]
        lanes = lanes[: len(starts)]
        self.match[idle] = -1
        self.match[lanes] = starts.match
        self.seeds[lanes] = starts.seeds
        if starts.tasks is not None:
            self.tasks[lanes] = starts.tasks
        self.players[lanes] = starts.players
        self.agent_player[lanes] = starts.agent_player
        self._keys[lanes] = starts.agent_keys
        self._seat[lanes] = self._seats.of_player[starts.agent_player]
        self.ticks[lanes] = 0
        self.returns[lanes] = 0.0
        return lanes

    def save(self) -> Checkpoint:
        """Matches in progress, their memories and the results not yet drained; needs a `Forkable` environment."""
        if not isinstance(self.environment, Forkable):
            raise UserError("this environment cannot save matches in progress (it is not Forkable)")
        arrays: dict[str, Array] = {name: getattr(self, name).copy() for name in self._saved}
        blob = self.environment.save(self.live) if len(self.live) else b""
        arrays["ended"] = self._contract.ended.copy()
        arrays["environment"] = np.frombuffer(blob, dtype=np.uint8)
        arrays |= {f"turn {name}": array for name, array in turns.columns(self.turn).items()}
        for name, store in self._seats.stores.items():
            arrays[f"memory {name}"] = store.copy()
        for name in results.COLUMNS:
            arrays[f"ended {name}"] = np.concatenate([block[name] for block in self._ended])
        return Checkpoint(
            arrays, {"clock": self.clock, "number": self._queue.number, "failures": list(self._failures.at)}
        )

    def _load(self, checkpoint: Checkpoint) -> None:
        environment, arrays = self.environment, checkpoint.arrays
        if not isinstance(environment, Forkable):
            raise UserError("this environment cannot load matches in progress (it is not Forkable)")
        for name in self._saved:
            if name != "live" and arrays[name].shape != getattr(self, name).shape:
                wanted, got = list(getattr(self, name).shape), list(arrays[name].shape)
                raise UserError(f"the saved play has {name} {got}, this one {wanted}: lanes and game must be the same")
            setattr(self, name, np.array(arrays[name]))
        self.clock, self._queue.number = int(checkpoint.meta["clock"]), int(checkpoint.meta["number"])
        self._failures.at = list(checkpoint.meta.get("failures", []))
        if "ended" in arrays:  # older checkpoints do not have it
            self._contract.ended[...] = arrays["ended"]
        self._keys = agent_keys(self.seeds, np.arange(len(self.spec.agents), dtype=np.uint64))
        self.use(self.policies, self._queue.source)
        for name, store in self._seats.stores.items():
            if f"memory {name}" not in arrays:
                raise UserError(f"the saved play has no memories like {name}: it was saved with other policies")
            store[...] = arrays[f"memory {name}"]
        self._ended = [{name: arrays[f"ended {name}"] for name in results.COLUMNS if f"ended {name}" in arrays}]
        self._ended[0].setdefault("task", np.full_like(self._ended[0]["match"], -1))  # saved before there were tasks
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


_SAVED = ("live", "match", "seeds", "players", "agent_player", "ticks", "returns")
