"""pip or uv, for this environment: what an installation would change, and doing it.

pip tells its plan as JSON, so it is asked where the environment has it; uv where it made the environment, or where
there is no pip. Their own settings (PIP_INDEX_URL, UV_OFFLINE, pip.conf, ...) hold as they always do.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

from marl.errors import RunError

_UV_LINE = re.compile(r"\s*([+~-]) ([A-Za-z0-9._-]+)==(\S+)")
_SHOWN = 15  # lines of what a tool says when it fails


@dataclass(frozen=True)
class Change:
    """A distribution that an installation would bring: its version now ("" where it is not here), and then."""

    name: str
    old: str
    new: str


class Tool(Protocol):
    """What installs."""

    name: str

    def plan(self, what: Sequence[str]) -> list[Change]:
        """What `install` would change. Raises RunError, with what the tool said, where it could not."""

    def install(self, what: Sequence[str], changes: Sequence[Change]) -> None:
        """Install it, in the versions that were planned. Raises RunError."""

    def remove(self, distribution: str) -> None:
        """Uninstall a distribution. Raises RunError."""


class Pip:
    """pip of this environment."""

    name = "pip"
    _pip = (sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check")

    def plan(self, what: Sequence[str]) -> list[Change]:
        """See `Tool`."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            _call([*self._pip, "install", "--dry-run", "--report", str(report), *what])
            found = json.loads(report.read_text(encoding="utf-8"))["install"]
        return [_change(one["metadata"]["name"], one["metadata"]["version"]) for one in found]

    def install(self, what: Sequence[str], changes: Sequence[Change]) -> None:
        """See `Tool`."""
        with tempfile.TemporaryDirectory() as folder:
            _call([*self._pip, "install", "-c", _as_planned(folder, changes), *what])

    def remove(self, distribution: str) -> None:
        """See `Tool`."""
        _call([*self._pip, "uninstall", "--yes", distribution])


class Uv:
    """uv, wherever it is, for this environment."""

    name = "uv"

    def __init__(self, program: str) -> None:
        self._uv = (program, "pip")
        self._here = ("--python", sys.executable)

    def plan(self, what: Sequence[str]) -> list[Change]:
        """See `Tool`."""
        said = _call([*self._uv, "install", *self._here, "--dry-run", *what])
        lines = [match for line in said.splitlines() if (match := _UV_LINE.match(line))]
        return [_change(name, version) for sign, name, version in (match.groups() for match in lines) if sign != "-"]

    def install(self, what: Sequence[str], changes: Sequence[Change]) -> None:
        """See `Tool`."""
        with tempfile.TemporaryDirectory() as folder:
            _call([*self._uv, "install", *self._here, "-c", _as_planned(folder, changes), *what])

    def remove(self, distribution: str) -> None:
        """See `Tool`."""
        _call([*self._uv, "uninstall", *self._here, distribution])


def tool() -> Tool:
    """The tool for this environment. Raises RunError where there is none."""
    uv, pip = shutil.which("uv"), importlib.util.find_spec("pip") is not None
    if uv and (not pip or _made_by_uv()):
        return Uv(uv)
    if pip:
        return Pip()
    raise RunError(
        f"this environment ({sys.prefix}) has no pip, and there is no uv: `{sys.executable} -m ensurepip` brings pip"
    )


def _made_by_uv() -> bool:
    config = Path(sys.prefix) / "pyvenv.cfg"
    return config.is_file() and re.search(r"^uv\s*=", config.read_text(encoding="utf-8"), re.MULTILINE) is not None


def _change(name: str, new: str) -> Change:
    try:
        return Change(name, metadata.version(name), new)
    except metadata.PackageNotFoundError:
        return Change(name, "", new)


def _as_planned(folder: str, changes: Sequence[Change]) -> str:
    """A file of constraints: what was looked at is what is installed."""
    file = Path(folder) / "planned.txt"
    file.write_text("".join(f"{change.name}=={change.new}\n" for change in changes), encoding="utf-8")
    return str(file)


def _call(command: Sequence[str]) -> str:
    """Run it; what it said. Raises RunError with the end of it."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    said = done.stdout + done.stderr
    if done.returncode:
        lines = [line for line in said.splitlines() if line.strip() and not line.startswith(("WARNING", "[notice]"))]
        raise RunError("\n  ".join([f"{' '.join(command)} says:", *lines[-_SHOWN:]]))
    return said
