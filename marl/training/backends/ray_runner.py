"""The sampler actor: a rollout in a process of its own, behind RLlib's `EnvRunner` interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import ray
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED_LIFETIME

from marl.algorithm import Checkpoint
from marl.arena import Failures
from marl.arena.lineups import Lineup
from marl.env import EnvSpec
from marl.errors import RunError, UserError
from marl.policy import Policy
from marl.registry import load_registry
from marl.services import restore
from marl.snapshot import Snapshot
from marl.training.experience import Columns
from marl.training.hyper import Hyper
from marl.training.making import Maker
from marl.training.modules import ModuleSpec
from marl.training.networks import NetworkPolicy, player
from marl.training.parts import Parts
from marl.training.rewards import Rewards
from marl.training.rollout import Batch, LiveSampler, Rollout, live_sampler
from marl.types import Array, Floats


@dataclass(frozen=True)
class Start:
    """Whom to play. `snapshots`: an object reference for every frozen policy, by id, in the order of the line-up."""

    lineup: Lineup
    snapshots: Mapping[str, ray.ObjectRef[Snapshot]]
    make: Maker
    side: int
    limit: Failures


class Runner(EnvRunner):
    """One sampler. Errors that are sentences come back as values; only a broken process counts as broken."""

    def __init__(
        self,
        config: AlgorithmConfig,
        worker_index: int,
        spec: EnvSpec,
        parts: Parts,
        modules: Mapping[str, ModuleSpec],
        hyper: Hyper,
    ) -> None:
        torch.set_num_threads(1)
        super().__init__(config=config, worker_index=worker_index)
        self.spec, self.hyper = spec, hyper
        self.modules = dict(modules)
        networks = {name: module.build(0, name) for name, module in modules.items()}
        self.policy = player(spec, networks, hyper.sharing, parts.behave())
        self.experience = parts.experience(hyper)  # which only cuts here
        self.rewards = Rewards(hyper.reward, spec, hyper.discount)
        self._frozen: dict[str, Policy] = {}
        self._sampler: LiveSampler | None = None
        self._columns: dict[str, Columns] = {}

    def apply(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """RLlib's way of calling; its own would end the process over any error, and lose the sentence."""
        try:
            return func(self, *args, **kwargs)
        except (UserError, RunError) as error:
            return error

    def start(self, start: Start, seed: int, lanes: Checkpoint | None, keep: bool) -> None:
        """Play these from now on; `lanes` and `keep` as in `Backend.start`."""
        ids = start.lineup.ids[1:]
        known = self._frozen
        self._frozen = {id: known[id] if id in known else self._restore(start.snapshots[id]) for id in ids}
        opponents, source = [self._frozen[id] for id in ids], start.lineup.source(seed)
        if keep and self._sampler is not None and isinstance(self._sampler.rollout, Rollout):
            self._sampler.rollout.go_on(opponents, source, start.side)
            return
        self._sampler = live_sampler(
            self.spec,
            self.hyper,
            self.experience,
            self.rewards,
            start.make(self.hyper.lanes),
            self.policy,
            opponents,
            source,
            start.side,
            lanes,
            start.limit,
            start.make,
        )

    def sample(self, **kwargs: Any) -> Batch:
        """Play with `weights` (by "module/parameter", after `version` updates) until there are `rows` rows.

        Weights (the `coefficients` of the behaviour, the state of rewards that learn, `reward`, and the `tasks`) come
        with the request, so none is ever played with others. The columns stay here for `columns`.
        """
        return self._sample(**kwargs)

    def columns(self) -> dict[str, Columns]:
        """What the last `sample` played, by module; handed over once."""
        columns, self._columns = self._columns, {}
        return columns

    def save(self) -> Checkpoint | None:
        """The matches in progress, or None where the environment cannot save them."""
        return None if self._sampler is None else self._sampler.save()

    def assert_healthy(self) -> None:
        """RLlib's check that the constructor went through."""
        assert self.policy is not None

    def get_spaces(self) -> dict[str, tuple[Any, Any]]:
        """Observation and action space of each module."""
        return {name: (module.observation, module.action) for name, module in self.modules.items()}

    def get_metrics(self) -> dict[str, int]:
        """Ticks over lanes since the process started."""
        return {NUM_ENV_STEPS_SAMPLED_LIFETIME: self.num_env_steps_sampled_lifetime}

    def _sample(
        self,
        rows: int,
        weights: Mapping[str, Array],
        reward: Mapping[str, Array],
        version: int,
        coefficients: Mapping[str, float],
        tasks: Floats | None = None,
    ) -> Batch:
        assert self._sampler is not None, "start first"
        load_weights(self.policy, weights)
        self.rewards.load(reward)
        batch = self._sampler.play(rows, coefficients, tasks, version)
        self.num_env_steps_sampled_lifetime += batch.env_steps
        self._columns = batch.columns
        return replace(batch, columns={})

    def _restore(self, reference: ray.ObjectRef[Snapshot]) -> Policy:
        return restore(load_registry(), self.spec, ray.get(reference))


def load_weights(policy: NetworkPolicy, weights: Mapping[str, Array]) -> None:
    """Copy weights, by "module/parameter", into a policy's networks."""
    with torch.no_grad():
        for name, network in policy.networks.items():
            for key, value in network.state_dict().items():
                value.copy_(torch.tensor(weights[f"{name}/{key}"]))
