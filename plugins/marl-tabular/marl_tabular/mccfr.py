"""The algorithm of external-sampling Monte Carlo CFR; `sampled.py` is what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from marl import tabular
from marl.algorithm import Services
from marl.env import EnvSpec, Forkable
from marl.errors import UserError
from marl.job import Job
from marl.registry.ranges import at_least
from marl.snapshot import Snapshot
from marl_tabular.algorithm import Params, TabularAlgorithm
from marl_tabular.sampled import ExternalSampling
from marl_tabular.traversal import traversable


@dataclass
class MonteCarloParams(Params):
    """How much is played."""

    traversals: int = 100
    """Traversals of each side in an iteration; all of them by the policies that the iteration before left."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "traversals")


class MonteCarloRegret(TabularAlgorithm[ExternalSampling]):
    """Self-play in games of turns that can be forked. Players are tables; what was never met is played uniformly."""

    parameters: ClassVar[type[Params]] = MonteCarloParams

    def __init__(self, params: MonteCarloParams | None = None) -> None:
        self.sampling = params or MonteCarloParams()
        super().__init__(self.sampling)

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """See `TabularAlgorithm`."""
        super().check_job(job, spec)
        traversable(job, spec)

    def begin(self, job: Job, services: Services) -> ExternalSampling:
        """See `TabularAlgorithm`."""
        spec = services.spec
        if not isinstance(services.environment(1), Forkable):
            raise UserError(f"{job.algorithm} tries several actions in a match, and this environment cannot copy one")
        actions, agents = traversable(job, spec)
        return ExternalSampling(
            services.environment, actions, agents, not spec.symmetric, self.sampling.traversals, job.seed
        )

    def player(self, solver: ExternalSampling, job: Job, services: Services) -> Snapshot:
        """See `TabularAlgorithm`."""
        store = solver.store
        arrays = {"keys": store.seen[: store.count].copy(), "probabilities": store.averages()}
        if solver.apart:
            arrays["agent"] = store.agent[: store.count].copy()
        return Snapshot(tabular.NAME, arrays)
