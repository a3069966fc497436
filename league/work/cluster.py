"""Workers on a Ray cluster: the same work, as tasks. What it reads and writes must be reachable from every node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic

from league.work.pool import Ended, Failure, Item, Result, Work, attempt, unheard
from league.work.worker import one_thread
from marl.errors import UserError


class Cluster(Generic[Item, Result]):
    """Up to `size` items at once, wherever Ray has a free CPU. Joins the running cluster, or starts a local one.

    `memory_mb`: what an item reserves on its node. `heard(item, said)` is told what the work told when it has ended.
    """

    def __init__(
        self,
        size: int,
        work: Work[Item, Result],
        memory_mb: int = 0,
        heard: Callable[[Item, object], None] = unheard,
    ) -> None:
        try:
            import ray
        except ModuleNotFoundError:
            raise UserError("Ray is asked for, and the package 'ray' is not installed: pip install ray") from None
        self.size = size
        self._heard = heard
        self._ray: Any = ray
        self._started = not ray.is_initialized()
        if self._started:
            ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
        remote: Any = ray.remote(num_cpus=1, memory=memory_mb << 20, max_retries=0)
        self._task = remote(lambda item: _done(work, item))
        self._running: dict[Any, Item] = {}

    def start(self, item: Item) -> None:
        """Queue a task."""
        self._running[self._task.remote(item)] = item

    def wait(self, seconds: float) -> list[Ended[Item, Result]]:
        """What came back."""
        if not self._running:
            return []
        done, _ = self._ray.wait(list(self._running), num_returns=len(self._running), timeout=0)
        if not done:
            done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=seconds)
        return [self._ended(self._running.pop(task), task) for task in done]

    def _ended(self, item: Item, task: Any) -> Ended[Item, Result]:
        try:
            result, failure, told = self._ray.get(task)
        except self._ray.exceptions.RayError as error:
            return Ended(item, None, Failure(f"the Ray task died: {str(error).splitlines()[0]}", died=True))
        for said in told:
            self._heard(item, said)
        return Ended(item, result, failure)

    def close(self) -> None:
        """Cancel what is going on."""
        for task in self._running:
            self._ray.cancel(task, force=True)
        self._running = {}
        if self._started:
            self._ray.shutdown()


def _done(work: Any, item: Any) -> tuple[Any, Failure | None, list[object]]:
    """In a Ray worker: do an item, and keep what is told meanwhile."""
    one_thread()
    told: list[object] = []
    ended = attempt(work, item, told.append)
    return ended.result, ended.failure.packed() if ended.failure is not None else None, told
