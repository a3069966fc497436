"""Start processes from one thread that never ends, and with nothing inherited but what is named."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from marl.errors import RunError

_pools: dict[int, ThreadPoolExecutor] = {}


def spawn(
    command: Sequence[str],
    stdin: int,
    stdout: int,
    stderr: int,
    env: Mapping[str, str],
    cwd: Path | None = None,
    keep: Sequence[int] = (),
    program: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own. Descriptors other than 0, 1, 2 and `keep` are closed in it.
    `program` is what is executed, where that is not the command's first word.

    Linux kills a child that asked to die with its parent when the *thread* that started it ends, so a thread of our
    own starts them all. Raises RunError when the system refuses, FileNotFoundError or PermissionError when the
    program cannot be executed.
    """
    return _pool().submit(_popen, command, stdin, stdout, stderr, env, cwd, keep, program).result()


def _pool() -> ThreadPoolExecutor:
    pid = os.getpid()
    if pid not in _pools:
        _pools.clear()  # a fork inherits the pool without its thread
        _pools[pid] = ThreadPoolExecutor(1, "marl-spawn")
    return _pools[pid]


def _popen(
    command: Sequence[str],
    stdin: int,
    stdout: int,
    stderr: int,
    env: Mapping[str, str],
    cwd: Path | None,
    keep: Sequence[int],
    program: str | None,
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            executable=program,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=dict(env),
            cwd=cwd,
            pass_fds=keep,
            close_fds=True,
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        raise RunError(f"the host could not start {command[0]}: {error.strerror or error}") from error
