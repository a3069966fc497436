"""The half of an update that plays, for all backends: samplers, their matches in progress, and what they say together.

A sampler is a logical thing: it has lanes, matches and a seed of its own. Whether all are in one process or each has
its own changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from marl import rng
from marl.algorithm import Checkpoint
from marl.arena import Failures, Record, Source
from marl.env import Environment, EnvSpec
from marl.policy import Policy
from marl.snapshot import JSON
from marl.training.backends.backend import Plan, Report
from marl.training.experience import Experience
from marl.training.hyper import Hyper
from marl.training.making import Maker
from marl.training.networks import NetworkPolicy, module_ids
from marl.training.rewards import Rewards, joined
from marl.training.rollout import Rollout, Told
from marl.training.staleness import Bound
from marl.training.statistics import Statistics
from marl.training.update import Batch, LiveSampler


def live_sampler(
    spec: EnvSpec,
    hyper: Hyper,
    experience: Experience,
    rewards: Rewards,
    environment: Environment,
    live: NetworkPolicy,
    opponents: Sequence[Policy],
    source: Source,
    side: int,
    lanes: Checkpoint | None,
    limit: Failures,
    make: Maker,
) -> LiveSampler:
    """One sampler; the arguments are those of `Rollout`, and `experience` cuts what it plays, `rewards` pay it."""
    modules = module_ids(spec, hyper.sharing)
    rollout = Rollout(
        environment, live, opponents, source, modules, side, record(experience, rewards), lanes, limit, make
    )
    statistics = Statistics(live, modules, environment.lanes, hyper.discount, lanes)
    return LiveSampler(rollout, rewards, statistics, experience)


def record(experience: Experience, rewards: Rewards) -> Record:
    """What is written down of matches: what either needs."""
    return experience.record | rewards.record


def recorded(experience: Experience, rewards: Rewards) -> dict[str, JSON]:
    """What is written down, as a checkpoint says it; empty where nothing is besides what always is."""
    wanted = record(experience, rewards)
    said = {name: value for name, value in asdict(wanted).items() if value or name in _ALWAYS_SAID}
    return {"record": said} if wanted != Record() else {}


_ALWAYS_SAID = ("earned", "before")  # by checkpoints from before there were others


def stream(seed: int, index: int) -> int:
    """The seed of a sampler; the first one plays what a single one would."""
    return seed if index == 0 else int(rng.mix(seed, index)[0])


def portion(rows: int, index: int, count: int) -> int:
    """How many of an update's rows one of `count` samplers plays."""
    return rows // count + (index < rows % count)


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


def fitted(rewards: Rewards, batches: Sequence[Batch], seed: int) -> dict[str, float]:
    """Fit the rewards that learn to what all samplers played; what they report."""
    return rewards.fit(joined([batch.samples for batch in batches]), seed)


def wanted(waiting: int, staleness: int, plan: Plan, each: int) -> bool:
    """Whether another batch is to be played before this update learns, where `waiting` are played or being played.

    One must be there, and up to `staleness` more, so that batch k is played with the weights after update k -
    `staleness`. Not those that the job will have no use for, when every update has as many env steps as the last one,
    `each`.
    """
    return waiting == 0 or (waiting <= staleness and waiting * each < plan.left)


def report(batches: Sequence[Batch], bound: Bound, learned: Mapping[str, float]) -> Report:
    """What an update did: all samplers together, and what was `learned` of those of their rows that were in bound."""
    rows, dropped, oldest = bound.learned([batch.versions for batch in batches])
    ages = (
        {"staleness": float(oldest)}
        if bound.oldest is None
        else {"staleness": float(oldest), "dropped": float(dropped)}
    )
    return Report(
        rows,
        sum(batch.env_steps for batch in batches),
        {**together(batches), **learned, **ages},
        Told.together([batch.told for batch in batches]),
    )


def together(batches: Sequence[Batch]) -> dict[str, float]:
    """The samplers' statistics as one: matches are added up, means weighted by matches (the values' fit by rows)."""
    if len(batches) == 1:
        return dict(batches[0].stats)
    result: dict[str, float] = {}
    for name in dict.fromkeys(name for batch in batches for name in batch.stats):
        known = [batch for batch in batches if name in batch.stats]
        if name in ("matches", "void"):
            result[name] = sum(batch.stats[name] for batch in known)
            continue
        weights = [float(batch.rows) if name not in _OF_MATCHES else batch.stats["matches"] for batch in known]
        values = [batch.stats[name] for batch in known]
        result[name] = sum(w * value for w, value in zip(weights, values, strict=True)) / sum(weights)
    return result


_OF_MATCHES = ("return", "length", "faults")


def flat(stats: Mapping[str, Mapping[str, float]], modules: Collection[str]) -> dict[str, float]:
    """The learner's statistics as one dict: by name where it has one module, else by "module/name"."""
    if len(modules) == 1:
        return {name: value for values in stats.values() for name, value in values.items()}
    return {f"{module}/{name}": value for module, values in stats.items() for name, value in values.items()}
