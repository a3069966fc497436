"""Tabular policies: a table of action probabilities, looked up by what the agent sees."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from marl import rng, tree
from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.exact import Decisions
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.types import Array, ArrayTree, Floats, Ints, Keys

NAME = "marl/tabular"


def observation_keys(observation: ArrayTree) -> Keys:
    """A 64-bit hash of each row of an observation tree, `uint64[K]`; equal rows have equal keys on any machine."""
    flat = np.ascontiguousarray(tree.flatten(observation))
    flat = flat + 0.0  # -0.0 and 0.0 are the same observation
    width = flat.shape[1]
    weights = np.frombuffer(hashlib.shake_128(b"marl observation").digest(8 * width), dtype=np.uint64) | np.uint64(1)
    with np.errstate(over="ignore"):
        bits = flat.view(np.uint64)
        bits = (bits ^ (bits >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
        bits ^= bits >> np.uint64(32)
        return np.asarray((bits * weights).sum(axis=1, dtype=np.uint64))


class Tabular:
    """Plays a table: `keys` `uint64[I]` (see `observation_keys`) and `probabilities` `float64[I, A]` per row.

    `agent`: `int64[I]`, whose each row is; None where whoever sees an observation plays it alike. An observation that
    is not in the table is played uniformly over the legal actions.
    """

    def __init__(self, keys: Keys, probabilities: Floats, agent: Ints | None = None) -> None:
        self.by_agent = agent is not None
        if agent is not None:
            keys = agent_keys(keys, agent)
        order = np.argsort(keys, kind="stable")
        self.keys = keys[order]
        self.table = probabilities[order]

    def memory(self, rows: int) -> None:
        """A table needs no memory."""
        return None

    def lookup(self, keys: Keys) -> tuple[Array, Array]:
        """Where each key stands in the table, and whether it does: `int64[K], bool[K]`."""
        place = np.minimum(np.searchsorted(self.keys, keys), max(len(self.keys) - 1, 0))
        found = self.keys[place] == keys if len(self.keys) else np.zeros(len(keys), dtype=np.bool_)
        return place, found

    def probabilities(self, rows: Rows) -> Floats:
        """The table's probabilities for these rows, `float64[K, A]`."""
        keys = observation_keys(rows.observation)
        place, found = self.lookup(agent_keys(keys, rows.agent) if self.by_agent else keys)
        width = self.table.shape[1]
        mask = rows.mask if rows.mask is not None else np.ones((len(rows), width), dtype=np.bool_)
        uniform = mask / mask.sum(axis=1, keepdims=True)
        if not len(self.keys):
            return np.asarray(uniform, dtype=np.float64)
        return np.where(found[:, None], self.table[place], uniform)

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Draw from the table's probabilities."""
        weights = self.probabilities(rows)
        action = rng.choose(keys, weights)
        return Acts(action, np.log(weights[np.arange(len(action)), action]))


def agent_keys(keys: Keys, agent: Ints) -> Keys:
    """Keys of what agents see, `uint64[K]`, that are others for each agent."""
    return keys ^ rng.mix(np.asarray(agent, dtype=np.int64))


def snapshot(decisions: Decisions, behaviour: Floats, meta: Mapping[str, object] | None = None) -> Snapshot:
    """The snapshot of a behaviour policy `[I, A]` over a player's information sets."""
    arrays = {"keys": observation_keys(decisions.observation), "probabilities": behaviour}
    return Snapshot(NAME, arrays, dict(meta or {}))


def snapshot_of_agents(tables: Mapping[int, tuple[Decisions, Floats]]) -> Snapshot:
    """The snapshot of behaviour policies `[I, A]` of several agents, each over its own information sets."""
    width = max(behaviour.shape[1] for _, behaviour in tables.values())
    padded = [np.pad(behaviour, ((0, 0), (0, width - behaviour.shape[1]))) for _, behaviour in tables.values()]
    arrays = {
        "keys": np.concatenate([observation_keys(decisions.observation) for decisions, _ in tables.values()]),
        "probabilities": np.concatenate(padded),
        "agent": np.concatenate([np.full(len(table), agent) for agent, (_, table) in tables.items()]),
    }
    return Snapshot(NAME, arrays)


def restore(spec: EnvSpec, snapshot: Snapshot) -> Tabular:
    """The policy that a `marl/tabular` snapshot holds."""
    missing = {"keys", "probabilities"} - set(snapshot.arrays)
    if missing:
        raise UserError(f"a {NAME} policy is a stored table, and this one lacks {' and '.join(sorted(missing))}")
    return Tabular(snapshot.arrays["keys"], snapshot.arrays["probabilities"], snapshot.arrays.get("agent"))
