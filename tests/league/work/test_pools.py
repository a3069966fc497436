"""Pools of workers: what comes back, in order of its end, whatever becomes of the worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from league.work import Ended, Here, Pool, Processes, Tell
from league.work.cluster import Cluster
from marl.errors import RunError, UserError


@dataclass(frozen=True)
class Task:
    """What the work below is to do."""

    what: str
    number: int = 0
    marker: Path | None = None


def work(task: Task, tell: Tell) -> int:
    """Something of each kind."""
    if task.what == "bug":
        return [][task.number]
    if task.what == "refuse":
        raise UserError(f"{task.number} will not do")
    if task.what == "unsendable":
        return lambda: 0  # type: ignore[return-value]
    if task.what == "die" and task.marker is not None and not task.marker.exists():
        task.marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if task.what == "leak":
        threading.Thread(target=chatter, args=(tell,)).start()
    if task.what == "sleep":
        tell(os.getpid())
        time.sleep(1000)
    tell(f"doing {task.number}")
    return task.number**2


def chatter(tell: Tell) -> None:
    """A thread that never ends, and never stops talking."""
    while True:
        tell("I am still here")
        time.sleep(0.001)


def cluster(*arguments: Any, **options: Any) -> Pool[Task, int]:
    pytest.importorskip("ray", reason="needs ray")
    return Cluster(2, *arguments, **options)


PROCESSES = [partial(Processes, 2, start="fork"), partial(Processes, 2, start="spawn")]
LOCAL: list[Callable[..., Pool[Task, int]]] = [Here, *PROCESSES]
EVERY = [*LOCAL, pytest.param(cluster, marks=pytest.mark.slow)]


def drive(pool: Pool[Task, int], tasks: list[Task]) -> list[Ended[Task, int]]:
    """Do tasks, as many at once as can be."""
    due, going, ended = list(tasks), 0, []
    while due or going:
        while due and going < pool.size:
            pool.start(due.pop(0))
            going += 1
        came = pool.wait(10)
        going -= len(came)
        ended += came
    return sorted(ended, key=lambda one: one.item.number)


@pytest.mark.parametrize("kind", EVERY)
def test_every_pool_gives_the_same_results_and_passes_on_what_is_told(kind: Callable[..., Pool[Task, int]]) -> None:
    heard: list[tuple[int, object]] = []
    with closing(kind(work, heard=lambda task, said: heard.append((task.number, said)))) as pool:
        ended = drive(pool, [Task("square", number) for number in range(5)])
    assert [one.result for one in ended] == [0, 1, 4, 9, 16]
    assert sorted(heard) == [(number, f"doing {number}") for number in range(5)]


@pytest.mark.parametrize("kind", EVERY)
def test_errors_come_back_as_failures_and_are_raised_as_what_they_were(kind: Callable[..., Pool[Task, int]]) -> None:
    with closing(kind(work)) as pool:
        bug, refused, fine = drive(pool, [Task("bug", 1), Task("refuse", 2), Task("square", 3)])
    assert fine.result == 9
    assert bug.failure is not None and refused.failure is not None
    assert bug.failure.text.startswith("IndexError: list index out of range (at test_pools.py:")
    assert not bug.failure.died
    with pytest.raises(UserError, match=r"^2 will not do$"):
        refused.failure.throw()
    with pytest.raises((RunError, IndexError), match="list index out of range") as raised:
        bug.failure.throw()
    assert isinstance(raised.value, IndexError) or "in work" in str(raised.value.__cause__)


@pytest.mark.parametrize("kind", PROCESSES)
def test_a_worker_that_dies_is_replaced(kind: Callable[..., Pool[Task, int]], tmp_path: Path) -> None:
    with closing(kind(work)) as pool:
        first, *others = drive(pool, [Task("die", 0, tmp_path / "died"), *(Task("square", n) for n in range(1, 5))])
        assert first.failure is not None and first.failure.died
        assert first.failure.text == "the worker process died (SIGKILL)"
        assert [one.result for one in others] == [1, 4, 9, 16]
        assert [one.result for one in drive(pool, [first.item])] == [0]


def test_what_cannot_be_sent_back_is_a_failure() -> None:
    with closing(Processes(1, work)) as pool:
        ended, after = drive(pool, [Task("unsendable", 1), Task("square", 2)])
    assert ended.failure is not None and "lambda" in ended.failure.text
    assert after.result == 4


def test_a_thread_that_is_left_behind_is_not_heard_and_holds_up_nobody() -> None:
    heard: list[tuple[int, object]] = []
    pool = Processes(2, work, heard=lambda task, said: heard.append((task.number, said)))
    with closing(pool):
        ended = drive(pool, [Task("leak", number) for number in range(2)])
        count = len(heard)
        ended += drive(pool, [Task("square", number) for number in range(2, 6)])
    assert [one.result for one in ended] == [n**2 for n in range(6)]
    assert sorted(str(said) for _, said in heard[count:]) == [f"doing {n}" for n in range(2, 6)]


CODE = """
import os, signal, sys
from league.work import Processes
from test_pools import Task, work

def heard(task, said):
    print(said, flush=True)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where whoever runs the tests ignores it
    pool = Processes(2, work, heard, start=sys.argv[1])
    pool.start(Task("sleep", 0))
    pool.start(Task("sleep", 1))
    try:
        pool.wait(1000)
    except KeyboardInterrupt:
        pool.close()
        print("closed", flush=True)
"""


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_its_host(tmp_path: Path, start: str, sent: signal.Signals) -> None:
    script = tmp_path / "host.py"
    script.write_text(CODE)
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    host = subprocess.Popen(
        [sys.executable, str(script), start], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert host.stdout is not None
    workers = [int(host.stdout.readline()) for _ in range(2)]
    host.send_signal(sent)
    assert sent == signal.SIGKILL or host.stdout.readline() == "closed\n"
    host.wait()
    until = time.monotonic() + 10
    while alive := [worker for worker in workers if lives(worker)]:
        if time.monotonic() > until:
            for worker in alive:
                os.kill(worker, signal.SIGKILL)
            raise AssertionError(f"{len(alive)} workers live on")
        time.sleep(0.01)


def lives(process: int) -> bool:
    """Whether it is there, and not only since its parent has not asked yet how it ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
