"""The blob store: content-addressed arrays and JSON, `<id>.safetensors` and `<id>.json`, never pickle.

A blob is there once its JSON is: both files are written beside their final names, synced, and renamed, the JSON last.
So a killed process or a full disk leaves nothing half-written that could be read.

Where several machines share one store it has a URL (see `marl.shared`): `blobs` in a run directory is then a file with
that URL in it, and `.blobs` beside it keeps copies of what was read and written here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from marl.algorithm import Checkpoint
from marl.errors import RunError, UserError
from marl.shared import Store
from marl.snapshot import JSON, Snapshot, canonical, content_id
from marl.types import Array


class Blobs:
    """A directory of blobs, made by the first one. Several processes may write at once: equal content, equal names.

    `url`: where the store is that `root` names and several machines share; by default what `root`, a file, says.
    """

    def __init__(self, root: Path, url: str | None = None) -> None:
        self.root = root
        if url is None and root.is_file():
            url = root.read_text().strip()
        self.url = url
        self._store = Store(url) if url else None
        self._folder = root.with_name(f".{root.name}") if url else root

    def __contains__(self, id: str) -> bool:
        if self._path(id, "json").exists() and self._path(id, "safetensors").exists():
            return True
        return self._store is not None and f"{id}.json" in self._store

    def sweep(self) -> None:
        """Remove what killed processes left half-written; only while nobody else writes here."""
        for stray in self._folder.glob(".*"):
            stray.unlink()

    def put(self, arrays: Mapping[str, Array], meta: Mapping[str, JSON]) -> str:
        """Store arrays and their metadata and return their id; storing them again costs nothing.

        Raises RunError, with nothing left behind, when the disk is full or cannot be written.
        """
        id = content_id(arrays, dict(meta))
        if id not in self:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise RunError(f"could not write {self._folder}: {error.strerror or error}") from error
            contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
            parts = {"safetensors": save(contiguous), "json": canonical(dict(meta)).encode()}
            if self._store is not None:  # first where all can read it
                for suffix, content in parts.items():
                    self._store.write(f"{id}.{suffix}", content)
            for suffix, content in parts.items():
                write_atomically(self._path(id, suffix), content)
        return id

    def get(self, id: str) -> tuple[dict[str, Array], dict[str, JSON]]:
        """The arrays and metadata of a blob. Raises RunError when it is missing or is not what its id says."""
        if self._store is not None and not self._path(id, "json").exists():
            self._fetch(id, self._store)
        try:
            meta = json.loads(self._path(id, "json").read_bytes())
            arrays = load(self._path(id, "safetensors").read_bytes())
        except FileNotFoundError as error:
            raise RunError(f"blob {id} is missing: there is no {error.filename}") from None
        except (ValueError, SafetensorError) as error:
            raise RunError(f"blob {id} in {self.root} is corrupt ({error}); {_REMEDY}") from None
        if not isinstance(meta, dict) or content_id(arrays, meta) != id:
            raise RunError(f"blob {id} in {self.root} is corrupt: its content does not match its name; {_REMEDY}")
        return arrays, meta

    def _fetch(self, id: str, store: Store) -> None:
        """Copy a blob of the shared store, if it is there."""
        if f"{id}.json" in store:
            self._folder.mkdir(parents=True, exist_ok=True)
            for suffix in ("safetensors", "json"):
                write_atomically(self._path(id, suffix), store.read(f"{id}.{suffix}"))

    def put_snapshot(self, snapshot: Snapshot) -> str:
        """Store a snapshot under its own id."""
        return self.put(snapshot.arrays, {"policy": snapshot.policy, "meta": dict(snapshot.meta)})

    def get_snapshot(self, id: str) -> Snapshot:
        """A stored snapshot; see `get` for what can go wrong."""
        arrays, meta = self.get(id)
        if "policy" not in meta:
            raise RunError(f"blob {id} in {self.root} is not a snapshot: it names no policy")
        return Snapshot(meta["policy"], arrays, meta["meta"])

    def put_checkpoint(self, checkpoint: Checkpoint) -> str:
        """Store a checkpoint and return its id."""
        return self.put(checkpoint.arrays, {"checkpoint": dict(checkpoint.meta)})

    def get_checkpoint(self, id: str) -> Checkpoint:
        """A stored checkpoint; see `get` for what can go wrong."""
        arrays, meta = self.get(id)
        if "checkpoint" not in meta:
            raise RunError(f"blob {id} in {self.root} is not a checkpoint")
        return Checkpoint(arrays, cast("dict[str, JSON]", meta["checkpoint"]))

    def files(self, id: str) -> tuple[Path, Path]:
        """The two files of a blob, here. Raises RunError as `get` does."""
        if not self._path(id, "json").exists():
            self.get(id)
        return self._path(id, "json"), self._path(id, "safetensors")

    def remove(self, id: str) -> None:
        """Forget a blob that nothing refers to any more; nothing happens where it is gone already."""
        for suffix in ("json", "safetensors"):  # the JSON first: without it there is no blob
            if self._store is not None:
                self._store.remove(f"{id}.{suffix}")
            self._path(id, suffix).unlink(missing_ok=True)

    def _path(self, id: str, suffix: str) -> Path:
        return self._folder / f"{id}.{suffix}"


def point(root: Path, url: str) -> None:
    """Let `root` name a store that several machines share. Raises UserError where it names another one already."""
    if root.is_dir() or (root.is_file() and root.read_text().strip() != url):
        what = "holds blobs of its own" if root.is_dir() else f"names {root.read_text().strip()}"
        raise UserError(f"{root} {what}, and blobs: {url} is another store: a run keeps the one that it began with")
    if not root.exists():
        root.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(root, f"{url}\n".encode())


_REMEDY = "delete both of its files and run `marl resume` with a backup of them, or start the run again elsewhere"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, and is on the disk when this returns.

    Raises RunError where it cannot, for instance on a full disk; the old file, if any, is untouched then.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)  # the new name must outlive a power cut too
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):  # where nothing can be written, nothing can be removed either
            beside.unlink(missing_ok=True)
        raise RunError(
            f"could not write {path}: {error.strerror or error}; free some space or choose another --out, and resume"
        ) from error
