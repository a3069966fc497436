"""Samplers' seeds, and their matches in progress in a checkpoint, for all backends.

A sampler is a logical thing: it has lanes, matches and a seed of its own. Whether all are in one process or each has
its own changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from marl import rng
from marl.algorithm import Checkpoint
from marl.arena import Record
from marl.snapshot import JSON
from marl.training.experience import Experience
from marl.training.rewards import Rewards

_ALWAYS_SAID = ("earned", "before")  # by checkpoints from before there were others


def recorded(experience: Experience, rewards: Rewards) -> dict[str, JSON]:
    """What is written down, as a checkpoint says it; empty where nothing is besides what always is."""
    wanted = experience.record | rewards.record
    said = {name: value for name, value in asdict(wanted).items() if value or name in _ALWAYS_SAID}
    return {"record": said} if wanted != Record() else {}


def stream(seed: int, index: int) -> int:
    """The seed of a sampler; the first one plays what a single one would."""
    return seed if index == 0 else int(rng.mix(seed, index)[0])


def part_of(lanes: Checkpoint | None, index: int, count: int) -> Checkpoint | None:
    """The matches in progress of one sampler of `count`; None where they were saved by another number of samplers."""
    if lanes is None or len(lanes.meta.get("samplers", (0,))) != count:
        return None
    if count == 1:
        return lanes
    prefix = f"{index} "
    arrays = {name.removeprefix(prefix): array for name, array in lanes.arrays.items() if name.startswith(prefix)}
    return Checkpoint(arrays, lanes.meta["samplers"][index])


def whole(lanes: Sequence[Checkpoint | None]) -> Checkpoint | None:
    """The matches in progress of all samplers; None where one cannot save them."""
    known = [part for part in lanes if part is not None]
    if len(known) < len(lanes):
        return None
    if len(known) == 1:
        return known[0]
    arrays = {f"{index} {name}": array for index, part in enumerate(known) for name, array in part.arrays.items()}
    return Checkpoint(arrays, {"samplers": [dict(part.meta) for part in known]})
