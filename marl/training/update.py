"""One update of a training run, from top to bottom: play, then learn. Files are those of this folder.

`Local.update`, below, is an update in this process; `algorithm.py` asks for one after the other until the budget of a
job is spent. What happens in it, with shapes:

    play         rollout.py       `Rollout.collect` plays until the live policy (networks/policy.py) has `rows` complete
                                  rows: windows, a `Trajectory` of K rows of a group (observation `[K, ...]`, action
                                  `[K, ...]`, reward `float64[K]`, what follows). `LiveSampler.play` pays and cuts them.
                                  Where matches were recorded, reading.py reads them instead
    rewards      rewards.py       where a scenario composes rewards: channels, weighted and summed, instead of the
                                  game's own; those that learn are fitted once an update
    clip         statistics.py    where a model normalises: what rows are like, and rewards within 10 deviations
    experience   experience/      `cut` makes columns by module (network): arrays `[K, ...]`, or `[S, T, ...]` for those
                                  with a memory; `add` keeps them, `draw` gives those to fit now: `Draw`, with so many
                                  epochs over the rows of each module, in so many minibatches
    staleness    staleness.py     where samplers play on while learners learn: leaves out rows whose `version` is old
    fit          learner.py       `ColumnLearner.fit`, here in full but for sums:

        for name in modules (or teams):
            table = columns as tensors `[K, ...]`
            table |= prepare(name, table)                                   the algorithm's, if it has one
            for stage in stages(name):                                      the algorithm's: one, unless it says more
                for epoch in epochs:
                    for batch `[B, ...]` of the rows in a new order:
                        inputs `[B, D]`, value `[B]` = network(batch)       learner_state.py, networks/network.py
                        loss, stats = loss(name, batch, inputs, value)      the algorithm's: all that most of them write
                        loss += auxiliary terms                             auxiliary.py, where a scenario names some
                        gradients; averaged over learners; clipped          data_parallel.py, where there are several
                        Adam's step, unless something is not finite         learner_state.py
                        stepped(name)                                       the algorithm's: target networks
                    if enough(name, stats): break                           the algorithm's: early stopping
                table |= staged(name, table)                                the algorithm's, if it has several stages
            fitted(name, stats)                                             the algorithm's: adaptive coefficients
        averages of weights, for snapshots                                  averaging.py, where `average` is above 0

RLlib calls some of it for us, because its learner runs the network and the gradients, in one process or in several:
`losses` -> `forward_train` -> `compute_loss_for_module`; `compute_gradients`; `postprocess_gradients`;
`apply_gradients`. backend.py says what a backend is; with backends/ray_backend.py, samplers play and learners learn in
processes of their own, and only columns travel between them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence

from marl.algorithm import Checkpoint, Services
from marl.arena.lineups import Lineup
from marl.env import EnvSpec
from marl.snapshot import JSON
from marl.training import making
from marl.training.backend import Plan, Report
from marl.training.checkpoint import averages, experience_of, with_experience
from marl.training.experience import Draw
from marl.training.hyper import Hyper
from marl.training.lanes import part_of, recorded, stream, whole
from marl.training.learner import ColumnLearner
from marl.training.modules import ModuleSpec
from marl.training.networks import moments, player
from marl.training.networks.moments import Seen
from marl.training.parts import Parts
from marl.training.reading import reader
from marl.training.rewards import Rewards, joined
from marl.training.rollout import Batch, LiveSampler, Rollout, Told, live_sampler
from marl.training.staleness import Bound
from marl.types import Array


class Local:
    """See `Backend`: samplers and a learner in this process. It never starts Ray.

    The live policy plays the learner's own networks, so weights need not travel.
    """

    def __init__(self, spec: EnvSpec, parts: Parts, modules: Mapping[str, ModuleSpec], hyper: Hyper) -> None:
        self.spec, self.hyper = spec, hyper
        self.learner = parts.learner.make(modules, hyper)
        self.experience = parts.experience(hyper)
        self.rewards = Rewards(hyper.reward, spec, hyper.discount)
        networks = {name: self.learner.network(name) for name in modules}
        self.policy = player(spec, networks, hyper.sharing, parts.behave())
        self.samplers: list[LiveSampler] = []
        self._ahead: deque[list[Batch]] = deque()  # what is played and not learned from yet, with `staleness`
        self._each = 0  # env steps of the last update of this job
        self._services: Services | None = None  # whose environment is played

    def update(self, plan: Plan) -> Report:
        """Play, then learn. Metrics include the seconds that each took."""
        if not self.samplers:
            raise ValueError("nothing is being played yet: call start first")
        started = time.perf_counter()
        while wanted(len(self._ahead), self.hyper.staleness, plan, self._each):
            self._ahead.append(self._play(plan))
        batches = self._ahead.popleft()
        sampled = time.perf_counter()
        bound = bounded(self.hyper.staleness, self.experience.keeps, plan.version)
        parts = [batch.columns for batch in batches]
        self.experience.add(bound(parts) if bound else parts)
        draw = self.experience.draw(plan.seed, plan.coefficients)
        stats = learn(self.learner, draw, plan, seen(batches))
        self.experience.learned(self.learner.said)
        paid = fitted(self.rewards, batches, plan.seed)
        seconds = {"sample_seconds": sampled - started, "learn_seconds": time.perf_counter() - sampled}
        done = report(batches, bound, plan.version, flat(stats, self.learner.names) | paid | seconds)
        self._each = done.env_steps
        return done

    def _play(self, plan: Plan) -> list[Batch]:
        """What each sampler plays with the weights as they are now."""
        count = self.hyper.samplers
        return [
            sampler.play(portion(plan.rows, index, count), plan.coefficients, plan.tasks, plan.version)
            for index, sampler in enumerate(self.samplers)
        ]

    def start(
        self, lineup: Lineup, services: Services, side: int, seed: int, lanes: Checkpoint | None, keep: bool = False
    ) -> None:
        """See `Backend`."""
        self._ahead.clear()
        self._each = 0
        if lineup.dataset is not None:
            read = making.recorded(services, lineup.dataset), self.spec, self.hyper, self.experience, self.rewards
            self.samplers = [reader(*read, self.policy, seed, lanes)]
            return
        opponents, count = [services.policy(id) for id in lineup.ids[1:]], self.hyper.samplers
        sources = [lineup.source(stream(seed, index)) for index in range(count)]
        playing = [sampler.rollout for sampler in self.samplers if isinstance(sampler.rollout, Rollout)]
        if keep and playing:
            for rollout, source in zip(playing, sources, strict=True):
                rollout.go_on(opponents, source, side)
            return
        if playing and making.lender(self._services) is making.lender(services):
            environments = [rollout.environment for rollout in playing]
        else:
            environments = [services.environment(self.hyper.lanes) for _ in range(count)]
        self._services = services
        self.samplers = [
            live_sampler(
                self.spec,
                self.hyper,
                self.experience,
                self.rewards,
                environments[index],
                self.policy,
                opponents,
                sources[index],
                side,
                part_of(lanes, index, count),
                making.limit(services),
                lambda lanes: services.environment(lanes),
            )
            for index in range(count)
        ]

    @property
    def recorded(self) -> Mapping[str, JSON]:
        """See `Backend`."""
        return recorded(self.experience, self.rewards)

    @property
    def averaged(self) -> Mapping[str, Array]:
        """See `Backend`."""
        return averages(self.learner)

    def reset(self, seed: int) -> None:
        """See `Backend`."""
        self._ahead.clear()
        self.learner.reset(seed)
        self.experience.reset()
        self.rewards.reset(seed)

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Backend`."""
        self._ahead.clear()
        self.learner.load(checkpoint)
        self.experience.load(experience_of(checkpoint))
        self.rewards.resume(checkpoint)

    def save(self) -> Checkpoint:
        """See `Backend`."""
        return self.rewards.keep(with_experience(self.learner.save(), self.experience.save()))

    def save_lanes(self) -> Checkpoint | None:
        """See `Backend`. What was played ahead is not in it: jobs end with nothing ahead, see `wanted`."""
        return whole([sampler.save() for sampler in self.samplers])

    def close(self) -> None:
        """See `Backend`. Nothing was started."""


def wanted(waiting: int, staleness: int, plan: Plan, each: int) -> bool:
    """Whether another batch is to be played before this update learns, where `waiting` are played or being played.

    One must be there, and up to `staleness` more, so that batch k is played with the weights after update k -
    `staleness`. Not those that the job will have no use for, when every update has as many env steps as the last one,
    `each`.
    """
    return waiting == 0 or (waiting <= staleness and waiting * each < plan.left)


def portion(rows: int, index: int, count: int) -> int:
    """How many of an update's rows one of `count` samplers plays."""
    return rows // count + (index < rows % count)


def bounded(staleness: int, keeps: bool, version: int) -> Bound | None:
    """How old rows may be that are learned from after `version` updates.

    None where nobody plays on, and where old rows are what an experience is for.
    """
    return None if staleness == 0 or keeps else Bound(version - staleness)


def seen(batches: Sequence[Batch]) -> dict[str, Seen]:
    """What the rows of modules that normalise were like, of all samplers together."""
    return moments.together(batch.seen for batch in batches) if any(batch.seen for batch in batches) else {}


def learn(learner: ColumnLearner, draw: Draw, plan: Plan, seen: Mapping[str, Seen]) -> dict[str, dict[str, float]]:
    """The half of an update that learns: fit each module to its part of the draw. Named means, by module."""
    return learner.fit(draw.columns, draw.epochs, draw.minibatches, plan.seed, plan.coefficients, seen, draw.shuffled)


def fitted(rewards: Rewards, batches: Sequence[Batch], seed: int) -> dict[str, float]:
    """Fit the rewards that learn to what all samplers played; what they report."""
    return {} if rewards.is_plain else rewards.fit(joined([batch.samples for batch in batches]), seed)


def report(batches: Sequence[Batch], bound: Bound | None, version: int, learned: Mapping[str, float]) -> Report:
    """What an update did: all samplers together, and what was `learned` of those of their rows that were in bound."""
    versions, ages = [batch.versions for batch in batches], dict[str, float]()
    rows, oldest = sum(batch.rows for batch in batches), min(one for part in versions for one in part)
    if bound:
        rows, dropped, oldest = bound.learned(versions)
        ages = {"dropped": float(dropped)}
    return Report(
        rows,
        sum(batch.env_steps for batch in batches),
        {**together(batches), **learned, "staleness": float(version - oldest), **ages},
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
