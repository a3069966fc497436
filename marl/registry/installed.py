"""What is installed, read off the `*.dist-info` folders on `sys.path`.

`importlib.metadata` says the same, and is asked where something on the path is no folder, or where somebody finds
distributions in a way of their own. Importing it (email, zipfile, csv) takes longer than all else that lists plugins.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_FOLDERS = (".dist-info", ".egg-info")


class Distribution(NamedTuple):
    """A distribution, as far as discovery needs it. `points`: the text of its entry_points.txt. `folder`: its own."""

    name: str
    version: str
    points: str
    folder: str = ""


def distributions() -> Iterator[Distribution]:
    """All distributions that have entry points, in the order of `sys.path`; a damaged one has no name."""
    own = any(hasattr(finder, "find_distributions") and _foreign(finder) for finder in sys.meta_path)
    if own or not all(os.path.isdir(entry or ".") or not os.path.exists(entry) for entry in sys.path):
        yield from _asked()
        return
    for entry in sys.path:
        yield from _read(entry or ".")


def entry_points(text: str, group: str) -> list[tuple[str, str]]:
    """The names and values of a group in an entry_points.txt. Raises ValueError for a line that is none."""
    found: list[tuple[str, str]] = []
    section = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
            continue
        name, equals, value = line.partition("=")
        if section == group:
            if not equals or not name.strip() or not value.strip():
                raise ValueError(f"{line!r} is not NAME = MODULE:ATTRIBUTE")
            found.append((name.strip(), value.partition("[")[0].strip()))  # without extras
    return found


def _foreign(finder: object) -> bool:
    """Whether a finder is not one of Python's own."""
    return "importlib" not in str(getattr(finder, "__module__", ""))


def _read(folder: str) -> Iterator[Distribution]:
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if name.lower().endswith(_FOLDERS):
            info = os.path.join(folder, name)
            if points := _text(os.path.join(info, "entry_points.txt")):
                head = _text(os.path.join(info, "METADATA")) or _text(os.path.join(info, "PKG-INFO"))
                yield Distribution(*_identity(head.splitlines()), points, info)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _identity(lines: Iterable[str]) -> tuple[str, str]:
    """Name and version, from the head of a METADATA file."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            break
        key, _, value = line.partition(":")
        fields.setdefault(key.lower(), value.strip())
    return fields.get("name", ""), fields.get("version", "")


def _asked() -> Iterator[Distribution]:
    """The same by `importlib.metadata`."""
    from importlib import metadata

    for found in metadata.distributions():
        if points := found.read_text("entry_points.txt"):
            head = found.read_text("METADATA") or found.read_text("PKG-INFO") or ""
            yield Distribution(*_identity(head.splitlines()), points)
