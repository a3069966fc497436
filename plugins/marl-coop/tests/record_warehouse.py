"""Writes recorded_warehouse.npz: what rware 2.0.0 does. Needs its package on the path, and networkx.

By kind: where robots stand and look at first, `start` `int64[N, 2]`; then each tick: actions `int8[T, N]`, rewards
`int8[T, N]`, cells `int16[T, N]`, the shelves requested afterwards `int16[T, R]` (first row: at the start), and the
checksum of what each robot sees, `uint32[T, N]`.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from rware.warehouse import Action, RewardType
from rware.warehouse import Warehouse as Theirs

from marl_coop.warehouse import FORWARD, SIZES, STAY

KINDS = {
    "tiny, 2 robots": ("tiny", 8, 2, 2, 200),
    "low, 4 robots": ("tiny", 1, 4, 2, 800),
    "small, 6": ("small", 2, 6, 5, 600),
}


def record(size: str, height: int, agents: int, requests: int, ticks: int) -> dict[str, Any]:
    rows, columns = SIZES[size]
    env = Theirs(columns, height, rows, agents, 0, 1, requests, None, None, RewardType.INDIVIDUAL)
    env.reset(seed=agents)
    wide, rng = env.grid_size[1], np.random.default_rng(agents)
    said: dict[str, Any] = {"start": [[robot.y * wide + robot.x, robot.dir.value] for robot in env.agents]}
    said |= {
        "request": [[shelf.id - 1 for shelf in env.request_queue]],
        "actions": [],
        "rewards": [],
        "cells": [],
        "seen": [],
    }
    for _ in range(ticks):
        actions = rng.choice(5, agents, p=[0.05, 0.45, 0.15, 0.15, 0.2])
        if agents > 2:  # which of two rows as long moves is up to the order of networkx's sets
            targets: set[Any] = set()
            for number, robot in enumerate(env.agents):
                robot.req_action = Action(actions[number])
                target = robot.req_location(env.grid_size)
                actions[number] = STAY if actions[number] == FORWARD and target in targets else actions[number]
                targets.add(target)
        seen, rewards, *_ = env.step(actions)
        said["actions"].append(actions)
        said["rewards"].append(rewards)
        said["cells"].append([robot.y * wide + robot.x for robot in env.agents])
        said["request"].append([shelf.id - 1 for shelf in env.request_queue])
        said["seen"].append([zlib.crc32(one.tobytes()) for one in seen])
    kinds = {"seen": np.uint32, "cells": np.int16, "request": np.int16, "start": np.int64}
    return {name: np.array(column, kinds.get(name, np.int8)) for name, column in said.items()}


def main() -> None:
    whole = {}
    for kind, parts in KINDS.items():
        said = record(*parts)
        print(kind, "paid", said["rewards"].sum())
        whole |= {f"{kind}/{name}": column for name, column in said.items()}
    np.savez_compressed(Path(__file__).with_name("recorded_warehouse.npz"), **whole)


if __name__ == "__main__":
    main()
