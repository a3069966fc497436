"""Jobs that go on from one another: what their schedules run over."""

from __future__ import annotations

from marl.registry import Component
from marl.snapshot import JSON


def chained(algorithm: Component, jobs: int | None) -> dict[str, JSON]:
    """The algorithm's parameters for a chain of so many jobs: schedules whose `horizon` is open run over all of them.

    They are as they were where the number is not known, a horizon is stated, or the algorithm has none.
    """
    params = dict(algorithm.params)
    if jobs is not None and "env_steps" in params and params.get("horizon", 0) is None:
        params["horizon"] = params["env_steps"] * jobs
    return params
