"""Matches in progress on the lanes of an environment, as arrays that can be saved. `Play` is who goes on with them.

Who plays where is array indices: a *slot* is lane times N plus agent, and every per-agent array is flat over slots.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from marl import rng
from marl.algorithm import Checkpoint
from marl.arena import results, turns
from marl.arena.contract import Contract
from marl.arena.pairings import Source
from marl.arena.queue import Queue, agent_keys, environment_seeds
from marl.arena.seats import Seats
from marl.arena.tolerance import Count, Failures
from marl.env import Environment, Forkable, Step, Turn
from marl.errors import UserError
from marl.policy import Policy
from marl.types import Array, Floats, Ints, Keys

_AGAIN = 0x616761696E  # sets the seed of a match that is played again apart from that of the void one
_SAVED = ("live", "match", "seeds", "players", "agent_player", "ticks", "returns")


class Matches:
    """Who plays what in which lane, since when, and what has come of it. It owns the environment until it is over.

    Attributes, all by lane: `match` `int64[L]` (the number of the match), `seeds` `uint64[L]`, `tasks` `int64[L]` (-1
    in an environment without tasks), `players` `int64[L, S]`, `agent_player` `int64[L, N]`, `ticks` `int64[L]` (the
    match's own), `returns` `float64[L, N]` so far. `live`: the lanes that are playing, in the canonical order of
    `turn`. `clock` counts the ticks of the play. `limit`: how many failures of the environment there may be.
    """

    def __init__(self, environment: Environment, source: Source, limit: Failures) -> None:
        self.environment = environment
        self.spec = spec = environment.spec
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
        self._environment_seeds: Keys = np.zeros(lanes, dtype=np.uint64)
        self._seat: Array = np.zeros((lanes, agents), dtype=np.int16)
        self._seats = Seats(spec, lanes * agents, lambda: self.environment)
        self._queue = Queue(spec, source, 0)
        self._contract = Contract(spec, lanes)
        self._failures = Count(limit)
        self.changed = 0
        self._ended: list[dict[str, Array]] = [results.empty(spec)]
        self.live: Ints = np.zeros(0, dtype=np.int64)
        self._no_turn: Turn = (None,) * len(spec.groups)
        self.turn: Turn = self._no_turn
        self.policies: tuple[Policy, ...] = ()

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

    def drain(self) -> results.Results:
        """The matches that ended since the last call, sorted by number."""
        blocks, self._ended = self._ended, [results.empty(self.spec)]
        return results.gather(self.spec, blocks)

    def memory(self, slot: Ints) -> Array | None:
        """What the policies at these slots remember now, `[K, ...]`; None where they have no memory."""
        return self._seats.memory(self._seat.reshape(-1)[slot], slot)

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
        for name, column in results.joined_info(self.spec, self._ended).items():
            arrays[f"ended {results.INFO}{name}"] = column
        return Checkpoint(
            arrays, {"clock": self.clock, "number": self._queue.number, "failures": list(self._failures.at)}
        )

    def _load(self, checkpoint: Checkpoint) -> None:
        """Everything but what the environment knows."""
        arrays = checkpoint.arrays
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
        self._environment_seeds = environment_seeds(self.seeds)
        self.use(self.policies, self._queue.source)
        for name, store in self._seats.stores.items():
            if f"memory {name}" not in arrays:
                raise UserError(f"the saved play has no memories like {name}: it was saved with other policies")
            store[...] = arrays[f"memory {name}"]
        names = (*results.COLUMNS, *(f"{results.INFO}{name}" for name in self.spec.info))
        self._ended = [{name: arrays[f"ended {name}"] for name in names if f"ended {name}" in arrays}]
        self._ended[0].setdefault("task", np.full_like(self._ended[0]["match"], -1))  # saved before there were tasks

    @property
    def _saved(self) -> tuple[str, ...]:
        return _SAVED if self.spec.tasks is None else (*_SAVED, "tasks")

    def _earn(self, rewards: Floats) -> None:
        paid = (rewards != 0).reshape(-1).nonzero()[0]  # faster than of numbers
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
                **results.info_of(step, ended),
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
        self._environment_seeds[lanes] = starts.environment_seeds
        self._seat[lanes] = self._seats.of_player[starts.agent_player]
        self._seats.begin(lanes)
        self.ticks[lanes] = 0
        self.returns[lanes] = 0.0
        return lanes

    def _again(self, lanes: Ints) -> Ints:
        """Set the void matches in `lanes` back to their start, with other seeds and the same tasks."""
        self._seats.begin(lanes)
        self.seeds[lanes] = rng.mix(self.seeds[lanes], _AGAIN)
        self._keys[lanes] = agent_keys(self.seeds[lanes], np.arange(len(self.spec.agents), dtype=np.uint64))
        self._environment_seeds[lanes] = environment_seeds(self.seeds[lanes])
        self.ticks[lanes] = 0
        self.returns[lanes] = 0.0
        return lanes
