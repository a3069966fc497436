"""Starting from another's networks: the scenario's key `start_from`, the same for every kind of run."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from marl.algorithm import Algorithm, Checkpoint, Services
from marl.errors import UserError
from marl.job import Job
from marl.run.players import Contestant


def starting(
    found: Contestant, algorithm: Algorithm, job: Job, services: Services, parts: Collection[str] = ()
) -> Checkpoint:
    """What a job without a parent goes on from: the networks of `found`, and nothing else of how they were trained.

    `parts`: only weights whose names begin so (the scenario's key `start_parts`); none means all.
    Raises UserError where it is not one player on the sides that the job learns, where its networks are other ones than
    the job's, or where the algorithm cannot start from any.
    """
    snapshots = {snapshot.id: snapshot for side in job.sides for snapshot, _ in found.on(side)}
    if len(snapshots) > 1:
        raise UserError(f"start_from: {found.name} is a mixture of {len(snapshots)} players: name one, RUN@PLAYER")
    start = getattr(algorithm, "start", None)
    if start is None:
        raise UserError(f"start_from: {job.algorithm} has no way to start from another's networks")
    try:
        return cast(Checkpoint, start(*snapshots.values(), job, services, *([parts] if parts else [])))
    except UserError as error:
        raise UserError(f"start_from: {found.name}: {error}") from None
