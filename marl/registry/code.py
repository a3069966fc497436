"""The hash of a plugin's code, which a run writes down."""

from __future__ import annotations

import hashlib
import sys
from functools import lru_cache
from pathlib import Path

from marl.registry.plugin import Plugin


def package_hash(plugin: Plugin) -> tuple[str, str]:
    """The plugin's top-level import package (or module), and the SHA-256 (first 16 digits) of its Python files."""
    name, file = _package(plugin)
    return name, _hash(file) if file else "unknown"


def package_files(plugin: Plugin) -> list[Path]:
    """The Python files of that package; none where it was not imported."""
    file = _package(plugin)[1]
    return _files(file) if file else []


def _package(plugin: Plugin) -> tuple[str, Path | None]:
    """The top-level package, or module, and its file."""
    parts = plugin.value.partition(":")[0].split(".")
    for depth in range(1, len(parts) + 1):  # a namespace package has no file of its own: go down to one that has
        name = ".".join(parts[:depth])
        file = getattr(sys.modules.get(name), "__file__", None)
        if file:
            return name, Path(file)
    return parts[0], None


def _files(file: Path) -> list[Path]:
    return sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]


def _hash(file: Path) -> str:
    root, files = file.parent, _files(file)
    stats = [path.stat() for path in files]
    return _read(root, tuple(files), tuple((stat.st_mtime_ns, stat.st_size) for stat in stats))


@lru_cache(maxsize=256)
def _read(root: Path, files: tuple[Path, ...], states: tuple[tuple[int, int], ...]) -> str:
    """The hash of these files; read again when one of them was written to, which `states` tell."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
