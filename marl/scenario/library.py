"""Where scenarios are: those that come with marl have names; any other is a path."""

from __future__ import annotations

from pathlib import Path

import marl
from marl.errors import UserError, suggestion

SUFFIXES = (".yaml", ".yml")


def folder() -> Path:
    """The scenarios that come with marl: inside the installed package, or beside it in a checkout."""
    package = Path(marl.__file__).parent
    inside = package / "scenarios"
    return inside if inside.is_dir() else package.parent / "scenarios"


def available() -> dict[str, Path]:
    """Every scenario that comes with marl: name (the path below the folder, without suffix) to file."""
    root = folder()
    files = [file for file in sorted(root.rglob("*")) if file.suffix in SUFFIXES]
    return {file.relative_to(root).with_suffix("").as_posix(): file for file in files}


def locate(name_or_path: str) -> Path:
    """The file of a scenario: a path if there is such a file, else a name. Raises UserError when it is neither."""
    path = Path(name_or_path)
    if path.is_file():
        return path
    known = available()
    if name_or_path in known:
        return known[name_or_path]
    if path.is_dir():
        raise UserError(f"{name_or_path} is a directory; a scenario is a YAML file")
    if path.suffix in SUFFIXES:
        here = [str(path.parent / file.name) for file in path.parent.glob("*") if file.suffix in SUFFIXES]
        close = suggestion(name_or_path, here) or suggestion(path.stem, known)
        raise UserError(f"there is no scenario file {name_or_path!r}{close}")
    raise UserError(f"there is no scenario {name_or_path!r}{suggestion(name_or_path, known)}")
