"""Play: the loop that everything stands on. All lanes in lockstep, one `act` per policy and group a tick.

Who plays where is array indices: a *slot* is lane times N plus agent, and every per-agent array is flat over slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from marl import rng
from marl.algorithm import Checkpoint
from marl.arena import results
from marl.arena.contract import Contract
from marl.arena.failure import Log
from marl.arena.pairings import Source
from marl.arena.queue import Queue, agent_keys, environment_seeds
from marl.arena.seats import Moves, Seats
from marl.env import Environment, Forkable, Step, Turn, join_turns
from marl.errors import RunError, UserError
from marl.policy import Policy
from marl.types import Array, Floats, Ints, Keys

__all__ = ["Moves", "Play", "Recorder", "environment_seeds"]


class Recorder(Protocol):
    """Watches a play. Both calls come before the play's own state moves on."""

    def acted(self, play: Play, moves: Moves) -> None:
        """One policy answered these rows; called once per policy, group and tick."""

    def stepped(self, play: Play, step: Step) -> None:
        """The environment was stepped; lanes that are done still show the match that ended."""


class Play:
    """Matches in progress on an environment's lanes. It owns the environment until it is over.

    Attributes, all by lane: `match` `int64[L]` (the number of the match), `seeds` `uint64[L]`, `players` `int64[L, S]`,
    `agent_player` `int64[L, N]`, `ticks` `int64[L]` (the match's own), `returns` `float64[L, N]` so far. `live`: the
    lanes that are playing, in the canonical order of `turn`. `clock` counts the ticks of the play.
    """

    def __init__(
        self,
        environment: Environment,
        policies: Sequence[Policy],
        source: Source,
        recorders: Sequence[Recorder] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.environment = environment
        self.spec = spec = environment.spec
        self.recorders = tuple(recorders)
        lanes, agents = environment.lanes, len(spec.agents)
        self.clock = 0
        self.match: Ints = np.full(lanes, -1, dtype=np.int64)
        self.seeds: Keys = np.zeros(lanes, dtype=np.uint64)
        self.players: Ints = np.zeros((lanes, len(spec.sides)), dtype=np.int64)
        self.agent_player: Ints = np.zeros((lanes, agents), dtype=np.int64)
        self.ticks: Ints = np.zeros(lanes, dtype=np.int64)
        self.returns: Floats = np.zeros((lanes, agents))
        self._keys: Keys = np.zeros((lanes, agents), dtype=np.uint64)
        self._seat: Array = np.zeros((lanes, agents), dtype=np.int16)
        self._seats = Seats(spec, lanes * agents)
        self._queue = Queue(spec, source, 0)
        self._log = Log(spec, lanes)
        self._contract = Contract(spec)
        self._ended: list[dict[str, Array]] = [results.empty(spec)]
        self.live: Ints = np.zeros(0, dtype=np.int64)
        self.turn: Turn = (None,) * len(spec.groups)
        self.policies: tuple[Policy, ...] = ()
        self.use(policies, source)
        if checkpoint is None:
            self.live, self.turn = self._start(np.arange(lanes))
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
        step = self._step([self._answer(group) for group in range(len(self.turn))])
        self.clock += 1
        self.ticks += 1
        self._earn(step.rewards)
        for recorder in self.recorders:
            recorder.stepped(self, step)
        self.turn = step.turn
        if step.done.any():
            self._refill(step)

    def drain(self) -> results.Results:
        """The matches that ended since the last call, sorted by number."""
        blocks, self._ended = self._ended, [results.empty(self.spec)]
        return results.gather(self.spec, blocks)

    def memory(self, slot: Ints) -> Array | None:
        """What the policies at these slots remember now, `[K, ...]`; None where they have no memory."""
        return self._seats.memory(self._seat.reshape(-1)[slot], slot)

    def _step(self, actions: list[Array | None]) -> Step:
        self._log.add(self.turn, actions)
        ticks = self.ticks[self.live] + 1
        try:
            return self._contract.step(self.environment.step(self.live, actions), ticks)
        except (UserError, RunError):
            raise
        except Exception as error:
            seeds = environment_seeds(self.seeds[self.live])
            raise self._log.failed(error, self.live, seeds, ticks) from error

    def _reset(self, lanes: Ints, seeds: Keys) -> Turn:
        try:
            return self._contract.turn(self.environment.reset(lanes, seeds))
        except (UserError, RunError):
            raise
        except Exception as error:
            raise self._log.failed(error, lanes, seeds, np.zeros(len(lanes), dtype=np.int64)) from error

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

    def _refill(self, step: Step) -> None:
        ended = np.flatnonzero(step.done)
        lanes = self.live[ended]
        self._ended.append(
            {
                "match": self.match[lanes],
                "players": self.players[lanes],
                "seeds": self.seeds[lanes],
                "agent_returns": self.returns[lanes],
                "length": self.ticks[lanes],
                "fault": step.fault[ended],
                "truncated": np.asarray(step.truncated[ended].any(axis=1)),
            }
        )
        started, turn = self._start(lanes)
        kept = self.live[~step.done]
        if len(kept) == 0:
            self.live, self.turn = started, turn
        elif len(started):
            self.live, self.turn = np.concatenate([kept, started]), join_turns([step.turn, turn])
        else:
            self.live = kept

    def _start(self, lanes: Ints) -> tuple[Ints, Turn]:
        """Start the next matches in `lanes`, as many as there are; the lanes that were started and their rows."""
        starts = self._queue.take(len(lanes))
        idle = lanes[len(starts) :]
        lanes = lanes[: len(starts)]
        self.match[idle] = -1
        if len(lanes) == 0:
            return lanes, (None,) * len(self.spec.groups)
        self.match[lanes] = starts.match
        self.seeds[lanes] = starts.seeds
        self.players[lanes] = starts.players
        self.agent_player[lanes] = starts.agent_player
        self._keys[lanes] = starts.agent_keys
        self._seat[lanes] = self._seats.of_player[starts.agent_player]
        self.ticks[lanes] = 0
        self.returns[lanes] = 0.0
        return lanes, self._reset(lanes, starts.environment_seeds)

    def save(self) -> Checkpoint:
        """Matches in progress, their memories and the results not yet drained; needs a `Forkable` environment."""
        if not isinstance(self.environment, Forkable):
            raise UserError("this environment cannot save matches in progress (it is not Forkable)")
        arrays: dict[str, Array] = {name: getattr(self, name).copy() for name in _SAVED}
        blob = self.environment.save(self.live) if len(self.live) else b""
        arrays["environment"] = np.frombuffer(blob, dtype=np.uint8)
        for name, store in self._seats.stores.items():
            arrays[f"memory {name}"] = store.copy()
        for name in results.COLUMNS:
            arrays[f"ended {name}"] = np.concatenate([block[name] for block in self._ended])
        return Checkpoint(arrays, {"clock": self.clock, "number": self._queue.number})

    def _load(self, checkpoint: Checkpoint) -> None:
        environment, arrays = self.environment, checkpoint.arrays
        if not isinstance(environment, Forkable):
            raise UserError("this environment cannot load matches in progress (it is not Forkable)")
        for name in _SAVED:
            if name != "live" and arrays[name].shape != getattr(self, name).shape:
                wanted, got = list(getattr(self, name).shape), list(arrays[name].shape)
                raise UserError(f"the saved play has {name} {got}, this one {wanted}: lanes and game must be the same")
            setattr(self, name, np.array(arrays[name]))
        self.clock, self._queue.number = int(checkpoint.meta["clock"]), int(checkpoint.meta["number"])
        self._keys = agent_keys(self.seeds, np.arange(len(self.spec.agents), dtype=np.uint64))
        self.use(self.policies, self._queue.source)
        for name, store in self._seats.stores.items():
            if f"memory {name}" not in arrays:
                raise UserError(f"the saved play has no memories like {name}: it was saved with other policies")
            store[...] = arrays[f"memory {name}"]
        self._ended = [{name: arrays[f"ended {name}"] for name in results.COLUMNS}]
        if len(self.live):
            self.turn = environment.load(self.live, arrays["environment"].tobytes())


_SAVED = ("live", "match", "seeds", "players", "agent_player", "ticks", "returns")
