"""Which jobs cannot be done with an algorithm's parameters, whatever is played."""

from __future__ import annotations

from marl.env import EnvSpec
from marl.errors import UserError
from marl.job import Job
from marl.training.hyper import Hyper
from marl.training.lineup import lineup


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
