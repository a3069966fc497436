"""Which jobs cannot be done with an algorithm's parameters, whatever is played."""

from __future__ import annotations

from typing import Literal, TypeAlias

from marl.arena.lineups import lineup
from marl.compute import Compute
from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import Job
from marl.training.hyper import Hyper

Data: TypeAlias = Literal["played", "recorded", "both"]  # what an algorithm can learn from


def check_job(job: Job, spec: EnvSpec, hyper: Hyper) -> None:
    """Raises UserError where the schedules of a job would start anew, or where it is shorter than one update."""
    if job.parent is not None and hyper.horizon is None and hyper.scheduled:
        raise UserError(
            f"{job.algorithm}: its schedules ({', '.join(hyper.scheduled)}) would start anew with every job "
            "that goes on from another; set `horizon` to the env steps of the whole chain, or, in a league, "
            "`stop.iterations`, from which self-play, PFSP and warm PSRO know it"
        )
    learning = sum(len(spec.sides[side]) for side in lineup(job, spec).sides)
    if "env_steps" not in job.budget and hyper.rows > hyper.env_steps * learning:
        raise UserError(
            f"{job.algorithm}: an update of rows: {hyper.rows} is more than the whole job, env_steps: "
            f"{hyper.env_steps}, can bring; make `rows` smaller"
        )


def check_data(job: Job, data: Data, hyper: Hyper, compute: Compute | None = None) -> None:
    """Raises UserError where an algorithm cannot learn from what the job is about: matches played, or recorded ones."""
    if job.dataset is None:
        if data == "recorded":
            raise UserError(
                f"{job.algorithm} learns from recorded matches: name some, as in dataset: logs/x (`marl record` writes "
                "them)"
            )
        return
    if data == "played":
        raise UserError(
            f"dataset: {job.algorithm} learns from what its own policy plays, so recorded matches teach it nothing; "
            "those tagged `offline` or `replay` can, such as offline/cql, rllib/dqn and values/qmix"
        )
    if hyper.samplers > 1 or hyper.staleness:
        raise UserError("dataset: nothing is played, so leave out `samplers` and `staleness`")
    if compute is not None and compute.backend == "ray":
        raise UserError("dataset: recorded matches are learned from in this process, so leave out compute.backend: ray")
