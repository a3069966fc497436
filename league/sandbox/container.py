"""Tier 3: a container by docker or podman, for bots whose system is not the host's."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from league.sandbox.base import Probe
from league.sandbox.child import Child
from league.sandbox.command import INSIDE
from league.sandbox.launch import Pipes, Tier, ends
from league.sandbox.limits import Limits
from league.sandbox.log import Log
from league.sandbox.spawn import spawn
from marl.errors import RunError


@dataclass(frozen=True)
class Params:
    """Which containers."""

    image: str = "python:3.11-slim"
    """The image that bots run in. It has to be there already: nothing is downloaded during a match."""
    engine: Literal["auto", "docker", "podman"] = "auto"
    """The program that runs it; `auto` takes docker, else podman."""


class ContainerSandbox(Tier):
    """No network, read-only image, no capabilities, limits by the engine. Starting takes a good part of a second."""

    name = "container"
    tier = 3

    def __init__(self, params: Params | None = None) -> None:
        params = params or Params()
        self._image = params.image
        self._engine = params.engine
        self._probed: Probe | None = None

    def probe(self) -> Probe:
        """Try it: run `true` in the image."""
        if self._probed is None:
            self._probed = self._try()
        return self._probed

    def _try(self) -> Probe:
        engine = self._find()
        if engine is None:
            return Probe(False, "neither docker nor podman is there; install one of them")
        answer = _call([engine, "version"])
        if answer is not None:
            return Probe(False, f"{Path(engine).name} is installed, but does not answer: {answer}")
        answer = _call([engine, "image", "inspect", self._image])
        if answer is not None:
            return Probe(
                False, f"the image {self._image} is not there; fetch it: {Path(engine).name} pull {self._image}"
            )
        folder = Path("/usr")
        answer = _call([*self._line(engine, "marl-probe-" + secrets.token_hex(4), folder, Limits()), "true"])
        if answer is not None:
            return Probe(False, f"{Path(engine).name} cannot run {self._image}: {answer}")
        held = ("no network", "own user, processes and files; only a sized /tmp is writable", "no capabilities")
        return Probe(True, "", (*held, "memory, processes and processors of the whole tree, by the engine"))

    def launch(self, command: Sequence[str], folder: Path, limits: Limits, pipes: Pipes, log: Log | None) -> Child:
        """See `Tier.launch`."""
        engine = self._find()
        if engine is None:
            raise RunError("the sandbox container needs docker or podman; install one of them")
        name = f"marl-{os.getpid()}-{secrets.token_hex(6)}"
        process = spawn([*self._line(engine, name, folder, limits), *command], *ends(pipes), env=os.environ)
        pipes.hand_over()
        return Child(process, pipes.ours[0], pipes.ours[1], _Container(engine, name), None, log, shifted=True)

    def _find(self) -> str | None:
        names = ("docker", "podman") if self._engine == "auto" else (self._engine,)
        return next(filter(None, map(shutil.which, names)), None)

    def _line(self, engine: str, name: str, folder: Path, limits: Limits) -> list[str]:
        apart = [
            "--network=none",
            "--read-only",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            "--user=1000:1000",
        ]
        room = [
            "--tmpfs",
            f"/tmp:rw,nosuid,nodev,size={limits.files_mb}m",
            "--volume",
            f"{folder.absolute()}:{INSIDE}:ro",
        ]
        memory = ["--memory", f"{limits.memory_mb}m", "--memory-swap", f"{limits.memory_mb}m"]
        most = ["--pids-limit", str(limits.processes), "--cpus", str(limits.cpus)]
        each = [
            "--ulimit",
            f"cpu={limits.cpu_seconds}",
            "--ulimit",
            f"nofile={limits.open_files}",
            "--ulimit",
            "core=0",
        ]
        started = [
            engine,
            "run",
            "--rm",
            "--interactive",
            "--init",
            "--pull=never",
            "--name",
            name,
            "--log-driver=none",
        ]
        return [*started, *apart, *room, *memory, *most, *each, "--workdir", INSIDE, "--env", "HOME=/tmp", self._image]


class _Container:
    """A container's processes, reached through its engine. Freezing takes tens of milliseconds, not microseconds."""

    def __init__(self, engine: str, name: str) -> None:
        self._engine = engine
        self._name = name

    def members(self) -> list[int]:
        return []

    def stop(self) -> None:
        _call([self._engine, "pause", self._name])

    def resume(self) -> None:
        _call([self._engine, "unpause", self._name])

    def kill(self) -> None:
        _call([self._engine, "rm", "--force", self._name])


def _call(command: list[str]) -> str | None:
    """None when it worked, else what it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no reason given"])[-1]
