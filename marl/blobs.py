"""The blob store: content-addressed arrays and JSON, `<id>.safetensors` and `<id>.json`, never pickle.

A blob is there once its JSON is: both files are written beside their final names, synced, and renamed, the JSON last.
So a killed process or a full disk leaves nothing half-written that could be read.
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
from marl.errors import RunError
from marl.snapshot import JSON, Snapshot, canonical, content_id
from marl.types import Array


class Blobs:
    """A directory of blobs, made by the first one. Several processes may write at once: equal content, equal names."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __contains__(self, id: str) -> bool:
        return self._path(id, "json").exists() and self._path(id, "safetensors").exists()

    def sweep(self) -> None:
        """Remove what killed processes left half-written; only while nobody else writes here."""
        for stray in self.root.glob(".*"):
            stray.unlink()

    def put(self, arrays: Mapping[str, Array], meta: Mapping[str, JSON]) -> str:
        """Store arrays and their metadata and return their id; storing them again costs nothing.

        Raises RunError, with nothing left behind, when the disk is full or cannot be written.
        """
        id = content_id(arrays, dict(meta))
        if id not in self:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise RunError(f"could not write {self.root}: {error.strerror or error}") from error
            contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
            write_atomically(self._path(id, "safetensors"), save(contiguous))
            write_atomically(self._path(id, "json"), canonical(dict(meta)).encode())
        return id

    def get(self, id: str) -> tuple[dict[str, Array], dict[str, JSON]]:
        """The arrays and metadata of a blob. Raises RunError when it is missing or is not what its id says."""
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

    def remove(self, id: str) -> None:
        """Forget a blob that nothing refers to any more; nothing happens where it is gone already."""
        for suffix in ("json", "safetensors"):  # the JSON first: without it there is no blob
            self._path(id, suffix).unlink(missing_ok=True)

    def _path(self, id: str, suffix: str) -> Path:
        return self.root / f"{id}.{suffix}"


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
