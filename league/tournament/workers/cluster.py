"""Workers on a Ray cluster: the same function, as tasks. The event directory must be reachable from every node."""

from __future__ import annotations

from typing import Any

from league.tournament.assignment import Assignment, Play, Played
from league.tournament.workers.processes import guarded
from marl.errors import UserError


class Cluster:
    """Up to `size` matches at once, wherever Ray has a free CPU. Joins the running cluster, or starts a local one."""

    def __init__(self, size: int, play: Play, memory_mb: int) -> None:
        try:
            import ray
        except ModuleNotFoundError:
            raise UserError("--ray needs the Python package 'ray': pip install ray") from None
        self.size = size
        self._ray: Any = ray
        self._started = not ray.is_initialized()
        if self._started:
            ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
        # The memory that a match reserves is reserved on its node too.
        remote: Any = ray.remote(num_cpus=1, memory=memory_mb << 20, max_retries=0)
        self._task = remote(lambda assignment: guarded(play, assignment))
        self._running: dict[Any, Assignment] = {}

    def start(self, assignment: Assignment) -> None:
        """Queue a task."""
        self._running[self._task.remote(assignment)] = assignment

    def wait(self, seconds: float) -> list[tuple[Assignment, Played]]:
        """What came back."""
        if not self._running:
            return []
        done, _ = self._ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
        if not done:
            done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=seconds)
        return [(self._running.pop(task), self._result(task)) for task in done]

    def _result(self, task: Any) -> Played:
        try:
            played = self._ray.get(task)
        except self._ray.exceptions.RayError as error:
            return Played(host_error=f"the Ray task died: {str(error).splitlines()[0]}")
        assert isinstance(played, Played)
        return played

    def close(self) -> None:
        """Cancel what is going on."""
        for task in self._running:
            self._ray.cancel(task, force=True)
        self._running = {}
        if self._started:
            self._ray.shutdown()
