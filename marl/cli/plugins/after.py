"""What became available by an installation, as a fresh process sees it: this one has imported the old versions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Container, Sequence
from typing import Any

from packaging.utils import canonicalize_name

from marl.cli.plugins.tool import Change
from marl.cli.plugins.uses import use_of
from marl.cli.show import table
from marl.errors import RunError
from marl.printable import printable
from marl.registry import Descriptor
from marl.registry.descriptor import singular

_TYPED = ("commands", "scenarios")
_SHOWN = 12  # things that are still read


def show_brought(changes: Sequence[Change], before: Container[tuple[str, str]]) -> None:
    """Print the plugins of what was installed: their state, what they bring, and how to use it."""
    names = {canonicalize_name(change.name) for change in changes}
    plugins = [one for one in _asked("list") if canonicalize_name(one["distribution"]) in names and not one["place"]]
    # dependencies that were here before, and are plugins, are not what was asked for; a newer version is
    fresh = [one for one in plugins if (one["name"], one["version"]) not in before] or plugins
    if not fresh:
        print(
            f"{changes[-1].name} is installed, but it brings no plugin of marl: it has no entry point in the group "
            f"'marl'. `{sys.executable} -m pip uninstall {changes[-1].name}` removes it."
        )
    for plugin in fresh:
        _show(plugin["name"])


def _show(name: str) -> None:
    found = _asked("info", name)
    plugin = found[0] if isinstance(found, list) else found
    version = f"{plugin['distribution']} {plugin['version']}"
    if plugin["state"] != "ok":
        print(f"\n{name} ({version}) is installed, and {plugin['state']}: {printable(plugin['error'])}")
        if plugin["state"] != "disabled":
            print(f"See `marl plugins doctor {name}`.")
        return
    things = [_descriptor(row) for row in plugin["descriptors"]]
    print(f"\n{name} ({version}) is installed. It brings" + (":" if things else " nothing."))
    table(["", "", ""], [[f"  {one.full_name}", singular(one.kind), one.summary] for one in things[:_SHOWN]])
    if len(things) > _SHOWN:
        print(f"  and {len(things) - _SHOWN} more: `marl plugins info {name}`")
    for note in plugin["notes"]:
        print(f"note: {name} {printable(note)}", file=sys.stderr)
    lines = {one.kind: use_of(one) for one in reversed(things) if use_of(one)}
    typed = {kind: lines.pop(kind) for kind in _TYPED if kind in lines}
    for where, said in (("In a scenario", lines), ("On the command line", typed)):
        if said:
            print(f"\n{where}:\n" + "".join(f"  {printable(line)}\n" for line in reversed(said.values())), end="")


def _descriptor(row: dict[str, Any]) -> Descriptor:
    fields = ("name", "target", "summary", "source", "plugin", "kind")
    return Descriptor(**{field: row[field] for field in fields}, tags=tuple(row["tags"]))


def _asked(*words: str) -> Any:
    """What `marl plugins WORDS --json` says in a process of its own."""
    command = [sys.executable, "-m", "marl", "plugins", *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunError(f"marl does not start any more: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout)
