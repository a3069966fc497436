"""The hash of a plugin's code, which a run writes down."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from marl.registry.plugin import Plugin


def package_hash(plugin: Plugin) -> tuple[str, str]:
    """The plugin's top-level import package (or module), and the SHA-256 (first 16 digits) of its Python files."""
    parts = plugin.value.partition(":")[0].split(".")
    for depth in range(1, len(parts) + 1):  # a namespace package has no file of its own: go down to one that has
        name = ".".join(parts[:depth])
        file = getattr(sys.modules.get(name), "__file__", None)
        if file:
            return name, _hash(Path(file))
    return parts[0], "unknown"


def _hash(file: Path) -> str:
    root = file.parent
    files = sorted(root.rglob("*.py")) if file.name == "__init__.py" else [file]
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
