"""Deep CFR: external-sampling traversals, in which networks say what tables would.

In an iteration each side in turn tries all of its actions in many matches at once; what they came to more goes into its
reservoir with the number of the iteration, and a network of advantages is fitted to that from scratch. Sides play by
regret matching of their advantages. How they played goes into reservoirs too, and the network that is fitted to those,
where later iterations count more, is the player.
Source: Brown, Lerer, Gross and Sandholm, "Deep counterfactual regret minimization", ICML 2019.
"""

from __future__ import annotations

from marl.algorithm import Checkpoint, Services, Trained
from marl.env import EnvSpec, Forkable
from marl.errors import UserError
from marl.job import Job
from marl.training.modules import ModuleSpec, module_specs
from marl.training.networks import Heads, module_ids, saved
from marl_nash.deep_cfr.params import DeepCFRParams
from marl_nash.deep_cfr.solver import DeepRegret
from marl_tabular.traversal import traversable

_ADVANTAGES = Heads(policy="values", value=False, start="uniform")
_PLAYS = Heads(policy="logits", value=False, start="uniform")


class DeepCFR:
    """The algorithm, of self-play in games of turns whose matches can be copied. Players are networks."""

    def __init__(self, params: DeepCFRParams | None = None) -> None:
        self.params = params or DeepCFRParams()

    def check_job(self, job: Job, spec: EnvSpec) -> None:
        """Raises UserError where `train` would refuse the job."""
        traversable(job, spec)
        if len(spec.sides) < 2:
            raise UserError(f"{job.algorithm} minimises regret against others, and this environment has one side")
        if job.dataset is not None:
            raise UserError(
                f"dataset: {job.algorithm} learns from what it traverses, so recorded matches teach nothing"
            )
        if job.tasks is not None:
            raise UserError(f"tasks: {job.algorithm} plays all tasks alike; leave the curriculum out")
        self._modules(spec)

    def train(self, job: Job, services: Services) -> Trained:
        """Iterate for the job's budget: `{"iterations": n}`, or `{"env_steps": n}`; else the parameter `iterations`."""
        self.check_job(job, services.spec)
        solver, budget = self._begin(job, services)
        count, first = int(job.budget.get("iterations", self.params.iterations)), solver.iterations
        metrics: dict[str, float] = {}
        while solver.iterations == first or (
            solver.env_steps < budget if budget is not None else solver.iterations < first + count
        ):
            metrics = solver.iterate()
            services.log(solver.env_steps, **metrics)
        networks = {}
        for name, module in self._modules(services.spec).items():
            networks[name], metrics[f"play_loss_{name}"] = solver.average(name, module)
        checkpoint = solver.save()
        checkpoint = Checkpoint(checkpoint.arrays, {**checkpoint.meta, "budget": budget or solver.env_steps})
        return Trained(saved.save(networks, self.params.sharing, {}), checkpoint, metrics)

    def _begin(self, job: Job, services: Services) -> tuple[DeepRegret, int | None]:
        """Take up a job, cold or where its parent stopped; and the env steps at which it ends, if it counts those."""
        spec = services.spec
        if not isinstance(services.environment(1), Forkable):
            raise UserError(f"{job.algorithm} tries several actions in a match, and this environment cannot copy one")
        actions, agents = traversable(job, spec)
        apart = module_specs(spec, self.params.model, "none", range(len(agents)), heads=_ADVANTAGES)
        modules = [(spec.agents[agent], apart[spec.agents[agent]]) for agent in agents]
        players = module_ids(spec, self.params.sharing)
        solver = DeepRegret(services.environment, actions, agents, modules, players, self.params, job.seed)
        done = 0
        if job.parent is not None:
            parent = services.checkpoint(job.parent)
            try:
                solver.load(parent)
            except UserError as error:
                raise UserError(f"{job.algorithm} cannot go on from checkpoint {job.parent}: {error}") from error
            done = parent.meta["budget"]
        return solver, done + int(job.budget["env_steps"]) if "env_steps" in job.budget else None

    def _modules(self, spec: EnvSpec) -> dict[str, ModuleSpec]:
        """The networks that play."""
        return module_specs(spec, self.params.model, self.params.sharing, range(len(spec.sides)), heads=_PLAYS)
