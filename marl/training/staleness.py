"""Staleness: how many updates lie between the weights that played a row and those that learn from it.

Every row carries the `version` of the weights that chose its action. Where an algorithm's `staleness` is above 0,
samplers play on while learners learn, and no row is learned from that is older: it is dropped, and counted.

What is a little older than its batch are rows whose agent had no further turn before the weights changed; they are
complete only in the next batch. With `staleness: 0` nothing is dropped: all rows are asked of the newest weights, and
those few count as they always have. A replay drops nothing either, since old rows are what it is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marl import tree
from marl.errors import RunError
from marl.training.experience import Columns, rows_of


@dataclass(frozen=True)
class Bound:
    """`oldest`: the oldest version that is learned from."""

    oldest: int

    def __call__(self, parts: Sequence[Mapping[str, Columns]]) -> list[dict[str, Columns]]:
        """What is learned from of several samplers' columns, by module. One that has no rows left is left out."""
        kept = [{name: _since(self.oldest, columns) for name, columns in part.items()} for part in parts]
        return [{name: columns for name, columns in part.items() if rows_of(columns)} for part in kept]

    def learned(self, versions: Sequence[Mapping[int, int]]) -> tuple[int, int, int]:
        """Of rows by version: how many are learned from, how many are dropped, and the oldest version learned from.

        Raises RunError where nothing is left to learn from.
        """
        total = sum(count for part in versions for count in part.values())
        kept = [one for part in versions for one in part if one >= self.oldest]
        if not kept:
            raise RunError(
                f"all {total} rows of an update are older than `staleness` allows: in so few rows no agent has two "
                "turns with the same weights; make `rows` larger, or `lanes` or `samplers` smaller"
            )
        dropped = sum(part[one] for part in versions for one in part if one < self.oldest)
        return total - dropped, dropped, min(kept)


def _since(oldest: int, columns: Columns) -> Columns:
    """The rows (or sequences, each of one version) that are no older."""
    version = np.asarray(columns["version"])
    keep = (version if version.ndim == 1 else version[:, 0]) >= oldest
    return columns if keep.all() else {name: tree.take(column, keep) for name, column in columns.items()}
