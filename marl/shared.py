"""A folder of files that several machines share, by a URL that fsspec knows: `s3://...`, `gs://...`, `file:///mnt/...`.

Files are small and never change once they are there. Source: fsspec, https://filesystem-spec.readthedocs.io.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from marl.errors import RunError, UserError

T = TypeVar("T")


class Store:
    """The folder at `url`. Raises UserError where nothing here can reach such an address, RunError where it fails."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        try:
            import fsspec
        except ModuleNotFoundError:
            raise UserError(
                f"blobs: {url} needs the Python package 'fsspec': pip install 'marl-league[shared]'"
            ) from None
        try:
            self._files: Any
            self._files, self._root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise UserError(f"blobs: {url} cannot be reached: {error}") from None

    def __contains__(self, name: str) -> bool:
        return bool(self._tried("read", lambda: self._files.exists(self._at(name))))

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return bytes(self._tried("read", lambda: self._files.cat_file(self._at(name))))

    def write(self, name: str, content: bytes) -> None:
        """Write a file so that it is there whole or not at all: beside its name first, then moved."""

        def whole() -> None:
            self._files.makedirs(self._root, exist_ok=True)
            beside = self._at(f".{name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
            self._files.pipe_file(beside, content)
            self._files.mv(beside, self._at(name))

        self._tried("written", whole)

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where it is gone already."""
        if name in self:
            self._tried("written", lambda: self._files.rm_file(self._at(name)))

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _tried(self, what: str, do: Callable[[], T]) -> T:
        try:
            return do()
        except (OSError, ValueError) as error:  # those of fsspec's file systems are OSErrors
            raise RunError(f"the store {self.url} could not be {what}: {error}") from error
