"""Dec-POMFPPO: PPO learns which decision rule a swarm should go by, given how its agents are distributed.

The upper-level policy maps features of the distribution to a normal distribution over rules. One rule is drawn for the
whole swarm at every tick, so what is explored is behaviour of the swarm, not of an agent, and what it earned is
credited to one action instead of N. Training sees the distribution; what comes out needs it no more (see `flow`): its
agents act by what they see themselves.

Source: Cui et al., "Learning decentralized partially observable mean field control for artificial collective behavior",
ICLR 2024. The paper's abstract, and the code of its authors for a related paper (major-minor mean-field control), were
read; its formulas were not to be had, so the shape of rules, their softmax and the flow are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from marl.algorithm import Checkpoint, Services, Trained
from marl.env import Environment, EnvSpec
from marl.exact_game import ExactGame
from marl.job import Job
from marl.policy import Policy
from marl.snapshot import Snapshot
from marl.training import making
from marl.training.networks.players import restore
from marl.training.networks.policy import NetworkParams
from marl_rllib.ppo import PPO
from marl_swarm.decentralised import snapshot_of, upper_of
from marl_swarm.flow import flow
from marl_swarm.mean_field import MeanField
from marl_swarm.params import DecPOMFPPOParams
from marl_swarm.rule import RuleParams


class DecPOMFPPO(PPO):
    """See `DecPOMFPPOParams`."""

    parameters = DecPOMFPPOParams
    hyper: DecPOMFPPOParams

    def train(self, job: Job, services: Services) -> Trained:
        """See `RLlibAlgorithm`. Raises UserError where the environment is no swarm with a state."""
        one = AsOne(services, self.hyper)
        done = super().train(job, one)
        upper = restore(one.spec, done.snapshot, NetworkParams(greedy=True))
        world = one.environment(self.hyper.flows)
        found = flow(world, upper, job.seed)
        metrics = {**done.metrics, "flow_return": float(found.reward.sum())}
        return Trained(snapshot_of(world.rule, found, done.snapshot), done.checkpoint, metrics)

    def for_run(self, env_steps: int, agents: int) -> Mapping[str, int]:
        """See `RLlibAlgorithm`: a tick is one row, however many agents there are."""
        return super().for_run(env_steps, 1)

    def start(self, snapshot: Snapshot, job: Job, services: Services, parts: Collection[str] = ()) -> Checkpoint:
        """See `RLlibAlgorithm`: from the upper-level policy of another swarm."""
        return super().start(upper_of(snapshot), job, AsOne(services, self.hyper), parts)


class AsOne:
    """`Services` whose environment is the swarm of other services as one agent."""

    def __init__(self, services: Services, params: RuleParams) -> None:
        self._services, self._params = services, params
        self.lender = making.lender(services)
        self.compute, self.failures = making.compute(services), making.limit(services)
        self.reproductions = getattr(services, "reproductions", None)
        self.spec: EnvSpec = self.environment(1).spec

    @property
    def make(self) -> Callable[[int], Environment]:
        """What makes it in another process."""
        return partial(_as_one, making.maker(self._services), self._params)

    def environment(self, lanes: int) -> MeanField:
        """The swarm as one agent."""
        return MeanField(self._services.environment(lanes), self._params)

    def snapshot(self, id: str) -> Snapshot:
        """See `Services`."""
        return self._services.snapshot(id)

    def policy(self, id: str) -> Policy:
        """See `Services`."""
        return self._services.policy(id)

    def exact(self) -> ExactGame:
        """See `Services`."""
        return self._services.exact()

    def checkpoint(self, id: str) -> Checkpoint:
        """See `Services`."""
        return self._services.checkpoint(id)

    def log(self, step: int, **values: Any) -> None:
        """See `Services`."""
        self._services.log(step, **values)

    def warn(self, text: str) -> None:
        """See `Services`."""
        self._services.warn(text)


def _as_one(make: Callable[[int], Environment], params: RuleParams, lanes: int) -> Environment:
    return MeanField(make(lanes), params)
