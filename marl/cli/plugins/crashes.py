"""Plugins that end every process that imports them, with no word of Python's: found out in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

from marl.cli.plugins.diagnosis import FRAME, Diagnosis, is_own
from marl.cli.plugins.switch import found
from marl.registry import Plugin
from marl.registry.guard import limit
from marl.registry.plugin import DISTRIBUTION

_PATIENCE = 60.0  # seconds beside what plugins are given, for a start of marl
_TOO_LONG = 0


def set_aside() -> Iterator[Diagnosis]:
    """What is wrong with each plugin that crashes marl. From here on this process, and those it starts, go without."""
    while said := _crash():
        number, text = said
        plugin, where = _culprit(text)
        if plugin is None:
            return
        before = os.environ.get("MARL_DISABLE", "")
        os.environ["MARL_DISABLE"] = ",".join(filter(None, [before, plugin.name]))
        how = "never lets go of the process" if number == _TOO_LONG else f"ends the process ({_named(number)})"
        mend = f"marl plugins disable {plugin.name}"
        yield Diagnosis(plugin.name, "crash", f"it {how} when it is imported, and was left out here", where, mend)


def _crash(**settings: str) -> tuple[int, str] | None:
    """The signal that ended a start of marl, and what was said; None where it ended by itself."""
    command = [sys.executable, "-m", "marl", "plugins", "list", "--json"]
    patience = _PATIENCE + limit() * len(found())
    try:
        done = subprocess.run(
            command, env=os.environ | settings, capture_output=True, text=True, errors="replace", timeout=patience
        )
    except subprocess.TimeoutExpired:
        return _TOO_LONG, ""
    return (-done.returncode, done.stderr) if done.returncode < 0 else None


def _culprit(text: str) -> tuple[Plugin | None, str]:
    """The plugin whose line was running, by what Python says of a crash; or the first that crashes alone."""
    plugins = [one for one in found() if one.distribution != DISTRIBUTION]
    for frame in FRAME.finditer(text):
        for plugin in plugins:
            if is_own(plugin, frame["file"]):
                return plugin, f"{frame['file']}:{frame['line']}"
    off = set(re.split(r"\s*,\s*", os.environ.get("MARL_DISABLE", "")))
    for plugin in plugins:
        if plugin.name not in off and _crash(MARL_PLUGINS=plugin.name):
            return plugin, plugin.file
    return None, ""


def _named(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
