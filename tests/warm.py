"""Starts Python programs quickly: they are forked from a process that has imported numpy, torch and Ray before.

Importing these takes seconds, and tests start hundreds of programs. `python tests/warm.py FOLDER` imports them once and
serves: it writes `python`, `marl` and `pytest` into the folder, which ask it. What they start is a process of its own:
it has the arguments, folder, environment and streams of whoever asked, imports all of marl itself, and ends with a code
of its own. What it starts in turn (workers, Ray, bots) starts as ever. Tests that kill a program, or look at how it
starts, use `sys.executable`. The fixture `warm` in `conftest.py` is such a folder.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

LIBRARIES = (
    "click",
    "numpy",
    "omegaconf",
    "orjson",
    "rich.console",
    "rich.live",
    "rich.progress",
    "rich.table",
    "scipy.optimize",
    "scipy.sparse.linalg",
    "scipy.stats",
    "sqlalchemy",
    "sqlalchemy.dialects.sqlite",
    "torch",
    "torch._dynamo",
    "ray.rllib.algorithms.algorithm",
    "ray.rllib.algorithms.algorithm_config",
    "ray.rllib.core.learner.learner_group",
    "ray.rllib.core.learner.torch.torch_learner",
    "ray.rllib.core.rl_module.multi_rl_module",
    "ray.rllib.core.rl_module.torch",
    "ray.rllib.utils.actor_manager",
)
CLIENT = """#!{python} -ISE
import json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: server.send(bytes([number])))
request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [request + b"\\0"], [0, 1, 2])
code = int(server.recv(16) or b"70")
if code < 0:
    -code == signal.SIGKILL or signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
"""


def commands(folder: Path) -> None:
    """Write `python`, `marl` and `pytest` into the folder."""
    (folder / "python").write_text(CLIENT.format(python=sys.executable, address=str(folder / "socket")))
    for name in ("marl", "pytest"):
        (folder / name).write_text(f'#!/bin/sh\nexec {folder}/python -m {name} "$@"\n')
    for name in ("python", "marl", "pytest"):
        (folder / name).chmod(0o755)


def serve(folder: Path) -> None:
    """Say when all is ready, and serve until the standard input ends."""
    commands(folder)
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "socket"))
    listener.listen()
    os.write(1, b"ready\n")
    os.dup2(2, 1)
    while True:
        ready, _, _ = select.select([0, listener], [], [])
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if 0 in ready:
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            answer(connection)
        connection.close()


def answer(connection: socket.socket) -> NoReturn:
    """In a process of its own: start what is asked for, pass signals on, and tell how it ended."""
    request, streams, _, _ = socket.recv_fds(connection, 1 << 16, 3)
    while not request.endswith(b"\0"):
        request += connection.recv(1 << 16)
    child = os.fork()
    if child == 0:
        connection.close()
        end(lambda: become(*json.loads(request[:-1]), streams))
    for stream in (*streams, 0, 1, 2):
        os.close(stream)
    ended = os.pidfd_open(child)
    while ended not in select.select([ended, connection], [], [])[0]:
        number = connection.recv(1)
        os.kill(child, number[0] if number else signal.SIGKILL)
        if not number:
            break
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(OSError):
        connection.send(str(code).encode())
    os._exit(0)


def end(program: Callable[[], None]) -> NoReturn:
    """Run a program and end the process as Python does, but leave the libraries' memory to the system: it is faster."""
    code: object = None
    try:
        program()
    except SystemExit as error:
        code = error.code
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads
    atexit._run_exitfuncs()
    if isinstance(code, str):
        print(code, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def become(arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]) -> None:
    """Be `python ARGUMENTS`: a module, a command or a file."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    installed = [path for path in sys.path[1:] if path not in before]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.environ.pop("RAY_AUTH_MODE", None)  # of a session of whoever asks; Ray looked for it when it was imported here
    given = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = ["", *given, *installed]
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    match arguments:
        case ["-m", module, *rest]:
            sys.argv = [module, *rest]
            sys.path[0] = folder
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["-c", code, *rest]:
            sys.argv = ["-c", *rest]
            main = sys.modules["__main__"] = types.ModuleType("__main__")
            exec(code, vars(main))
        case [file, *rest]:
            sys.argv = [file, *rest]
            sys.path[0] = str(Path(file).parent)
            runpy.run_path(file, run_name="__main__")


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
