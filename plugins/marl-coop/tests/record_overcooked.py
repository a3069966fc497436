"""Writes recorded.npz: what overcooked-ai does. Needs its source on the path (1.1.0, with `old_dynamics`):

    PYTHONPATH=.../overcooked_ai/src python record_overcooked.py

For each kitchen and way to cook: actions `int8[T, 2]`, what soups paid `int8[T]`, shaping `int8[T, 2]` by agent, and
the checksum of what each agent sees after each tick, `uint32[T, 2]`, as layers (`layers`) and as a vector (`features`).
"""

from __future__ import annotations

import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from overcooked_ai_py.mdp.actions import Action
from overcooked_ai_py.mdp.overcooked_mdp import OvercookedGridworld
from overcooked_ai_py.planning.planners import MotionPlanner
from scripted import Scripted

from marl import rng
from marl_coop.overcooked.game import Overcooked, OvercookedParams
from marl_coop.overcooked.kitchens import KITCHENS

TICKS = 400
THEIRS = {"counter_circuit": "counter_circuit_o_1order"}
TOMATOES = (13, 17, 19, 24)  # among their 26 layers: where they come from, in pots, in soups, and lying
TOMATO_FEATURES = (7, 10, 11, 17, 28, 38)  # among their 46 numbers of an agent: held, where, in a soup, in two pots


def checksum(seen: Any) -> int:
    return zlib.crc32(np.ascontiguousarray(seen).tobytes())


def layers(world: Any, state: Any) -> list[Any]:
    """What each agent sees, `int8[22, height, width]`: theirs is `[width, height, 26]`."""
    whole = [np.delete(seen, TOMATOES, axis=2) for seen in world.lossless_state_encoding(state, horizon=TICKS)]
    return [np.ascontiguousarray(seen.transpose(2, 1, 0)).astype(np.int8) for seen in whole]


def features(world: Any, state: Any, planner: Any) -> list[Any]:
    drop = [start + one for start in (0, 46) for one in TOMATO_FEATURES]
    return [np.delete(seen, drop).astype(np.float32) for seen in world.featurize_state(state, planner)]


def record(layout: str, automatic: bool) -> dict[str, Any]:
    world = OvercookedGridworld.from_layout_name(THEIRS.get(layout, layout), old_dynamics=automatic)
    planner = SimpleNamespace(
        motion_planner=MotionPlanner(world, counter_goals=world.get_counter_locations())
    )  # all that `featurize_state` asks for
    ours = Overcooked(1, OvercookedParams(layout=layout, automatic=automatic))  # it only chooses what is done
    lane, state = np.array([0]), world.get_standard_start_state()
    ours.reset(lane, lane.astype(np.uint64))
    script = Scripted(ours, random=0.3)
    said: dict[str, list[Any]] = {name: [] for name in ("actions", "paid", "shaped", "layers", "features")}
    for tick in range(TICKS):
        actions = script(lane, rng.mix(17, np.arange(2), tick))
        ours.step(lane, [actions])
        state, info = world.get_state_transition(state, [Action.INDEX_TO_ACTION[action] for action in actions])
        said["actions"].append(actions)
        said["paid"].append(sum(info["sparse_reward_by_agent"]))
        said["shaped"].append(info["shaped_reward_by_agent"])
        said["layers"].append([checksum(seen) for seen in layers(world, state)])
        said["features"].append([checksum(seen) for seen in features(world, state, planner)])
    kinds = {"layers": np.uint32, "features": np.uint32}
    return {f"{layout}/{automatic}/{name}": np.array(column, kinds.get(name, np.int8)) for name, column in said.items()}


def main() -> None:
    whole: dict[str, Any] = {}
    for layout in KITCHENS:
        for automatic in (True, False):
            whole |= record(layout, automatic)
            print(
                layout,
                automatic,
                {name: int(whole[f"{layout}/{automatic}/{name}"].sum()) for name in ("paid", "shaped")},
            )
    np.savez_compressed(Path(__file__).with_name("recorded.npz"), **whole)


if __name__ == "__main__":
    main()
