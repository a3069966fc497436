"""The policy of a swarm that was trained as one agent: each agent acts by what it sees, and by counting ticks.

It has a decision rule for each tick (see `flow`), and needs no state. Any number of agents can play it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from marl import rng
from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import JSON, Snapshot
from marl.space import describe
from marl.types import Array, Keys
from marl_swarm.flow import Flow
from marl_swarm.rule import Rule, RuleParams, rule_for, seen_of

NAME = "swarm/decentralised"
_UPPER = "upper/"


class Decentralised:
    """See above. Its memory is how often an agent has acted, `float32[K, 1]`; after its last rule it keeps to that one.

    Raises UserError without a snapshot, and where the agents of the environment see or do something else.
    """

    def __init__(self, spec: EnvSpec, snapshot: Snapshot | None = None) -> None:
        if snapshot is None or "rule" not in snapshot.meta:
            raise UserError(f"{NAME} needs a snapshot: name a run of swarm/dec_pomfppo")
        self.rule = rule_for(spec, RuleParams(**snapshot.meta["rule"]))
        if fits(self.rule) != snapshot.meta["fits"]:
            raise UserError(
                f"this snapshot does not fit the environment: it was made for {snapshot.meta['fits']}, and the agents "
                f"here have {fits(self.rule)}"
            )
        self.rules = snapshot.arrays["rules"]

    def memory(self, rows: int) -> Array:
        """Nobody has acted yet."""
        return np.zeros((rows, 1), dtype=np.float32)

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Draw an action for each of K rows."""
        memory = self.memory(len(rows)) if memory is None else memory
        tick = np.minimum(memory[:, 0].astype(np.int64), len(self.rules) - 1)
        table = self.rule.probabilities(self.rules[tick], seen_of(rows.observation), rows.mask)
        action = rng.choose(keys, table)
        return Acts(action, np.log(table[np.arange(len(action)), action]), memory=memory + 1)


def fits(rule: Rule) -> dict[str, JSON]:
    """What agents see and do who can go by a rule, as JSON."""
    return {"seen": describe(rule.box), "actions": rule.actions}


def snapshot_of(rule: Rule, flow: Flow, upper: Snapshot) -> Snapshot:
    """What agents need to act, and the upper-level policy beside it."""
    arrays = {f"{_UPPER}{name}": array for name, array in upper.arrays.items()}
    meta: Mapping[str, JSON] = {"rule": rule.told, "fits": fits(rule), "upper": dict(upper.meta)}
    return Snapshot(NAME, {**arrays, "rules": flow.rules, "features": flow.features}, meta)


def upper_of(snapshot: Snapshot) -> Snapshot:
    """The upper-level policy, which plays `MeanField`. Raises UserError where there is none."""
    if "upper" not in snapshot.meta:
        raise UserError(f"this snapshot was not made by swarm/dec_pomfppo: its policy is {snapshot.policy!r}")
    arrays = {name.removeprefix(_UPPER): array for name, array in snapshot.arrays.items() if name.startswith(_UPPER)}
    return Snapshot("marl/network", arrays, snapshot.meta["upper"])
