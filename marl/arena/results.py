"""Results: what came of the matches, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from marl.env import EnvSpec, Step
from marl.types import Array, Bools, Floats, Ints, Keys


@dataclass(frozen=True)
class Results:
    """B finished matches, in the order of their numbers.

    `match`: `int64[B]`, the number of the pairing. `players`: `int64[B, S]`. `seeds`: `uint64[B]`. `task`: `int64[B]`,
    which of the environment's tasks, -1 where it has none. `returns`: `float64[B, S]`, a side's rewards (the sum over
    its agents). `agent_returns`: `float64[B, N]`. `length`: `int64[B]` in ticks. `fault`: `int64[B]`, the agent that
    broke the rules, or -1; `fault_side` likewise. `truncated`: `bool[B]`, whether the last tick cut some agent short.
    `info`: what the environment's columns were at the last tick, `float64[B, ...]` each.
    """

    match: Ints
    players: Ints
    seeds: Keys
    task: Ints
    returns: Floats
    agent_returns: Floats
    length: Ints
    fault: Ints
    fault_side: Ints
    truncated: Bools
    info: dict[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.match)


COLUMNS = ("match", "players", "seeds", "task", "agent_returns", "length", "fault", "truncated")
INFO = "info "  # what the names of the environment's columns start with in a block


def gather(spec: EnvSpec, blocks: Sequence[dict[str, Array]]) -> Results:
    """Join blocks of `COLUMNS`, sort them by match and add the columns that follow from them."""
    joined = {name: np.concatenate([block[name] for block in blocks]) for name in COLUMNS}
    order = np.argsort(joined["match"], kind="stable")
    sorted_columns = {name: column[order] for name, column in joined.items()}
    agent_returns, fault = sorted_columns["agent_returns"], sorted_columns["fault"]
    returns = np.empty((len(order), len(spec.sides)))
    for side, agents in enumerate(spec.sides):
        returns[:, side] = agent_returns[:, agents[0]] if len(agents) == 1 else agent_returns[:, agents].sum(axis=1)
    fault_side = np.where(fault >= 0, spec.side_of[fault], -1)
    info = {name: column[order] for name, column in joined_info(spec, blocks).items()}
    return Results(returns=returns, fault_side=fault_side, info=info, **sorted_columns)


def info_of(step: Step, ended: Ints) -> dict[str, Array]:
    """The environment's columns of the matches that ended at a step, those at `ended`, as they stand in a block."""
    return {f"{INFO}{name}": np.asarray(column[ended], dtype=np.float64) for name, column in step.info.items()}


def joined_info(spec: EnvSpec, blocks: Sequence[dict[str, Array]]) -> dict[str, Floats]:
    """The environment's columns, where all blocks that have matches have them."""
    full = [block for block in blocks if len(block["match"])]
    known = [name for name in spec.info if full and all(f"{INFO}{name}" in block for block in full)]
    return {name: np.concatenate([block[f"{INFO}{name}"] for block in full]) for name in known}


def empty(spec: EnvSpec) -> dict[str, Array]:
    """A block of no matches."""
    return {
        "match": np.zeros(0, dtype=np.int64),
        "players": np.zeros((0, len(spec.sides)), dtype=np.int64),
        "seeds": np.zeros(0, dtype=np.uint64),
        "task": np.zeros(0, dtype=np.int64),
        "agent_returns": np.zeros((0, len(spec.agents))),
        "length": np.zeros(0, dtype=np.int64),
        "fault": np.zeros(0, dtype=np.int64),
        "truncated": np.zeros(0, dtype=np.bool_),
    }
