"""Snapshots: immutable, content-addressed, saved policies. Arrays and JSON, never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from marl.types import Array

JSON = Any  # what json.dumps takes: dict, list, str, int, float, bool, None


def canonical(value: JSON) -> str:
    """The one JSON text of a value (sorted keys, no spaces), for hashing. NaN and infinities raise ValueError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def content_id(arrays: Mapping[str, Array], meta: JSON) -> str:
    """The SHA-256 (hex, first 32 digits) of named arrays (name, dtype, shape, bytes) and their metadata."""
    digest = hashlib.sha256(canonical(meta).encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        digest.update(canonical([name, array.dtype.str, list(array.shape)]).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:32]


@dataclass(frozen=True)
class Snapshot:
    """A saved policy.

    `policy` is the full name of a registered policy ("marl/tabular") whose target, called as
    `target(spec, snapshot)`, gives it back. `arrays` are its numbers; `meta` is JSON.
    """

    policy: str
    arrays: Mapping[str, Array]
    meta: Mapping[str, JSON] = field(default_factory=dict)

    @cached_property
    def id(self) -> str:
        """The content address: the same policy always has the same id."""
        return content_id(self.arrays, {"policy": self.policy, "meta": dict(self.meta)})
