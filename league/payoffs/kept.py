"""Sampled payoffs that are kept for ever: what any run has played of two snapshots in an environment is played once.

A cell is known by what decides it: the environment with its parameters and its code, the snapshots on every side, and
which matches they are. Its seeds follow from the same, not from the run, so that it does not matter who played it: a
run that finds its cells ends as one that plays them. What is shared is shared with its luck: runs that are to be
compared by chance want a `salt` of their own, or `league/sampled`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from league.payoffs import sampled
from league.payoffs.row import PayoffRow
from league.payoffs.source import Asked
from league.services import LeagueServices
from marl import rng
from marl.blobs import write_atomically
from marl.errors import UserError
from marl.registry.code import package_hash
from marl.snapshot import canonical
from marl.types import Keys


@dataclass
class Params(sampled.Params):
    """How many matches, and where they are kept."""

    folder: str = "~/.cache/marl/payoffs"
    """Where cells are kept, a small file each; a folder that several machines share will do."""
    salt: int = 0
    """Another one is other luck: nothing is shared with it."""


class KeptPayoffs(sampled.SampledPayoffs):
    """Plays what the folder lacks, and leaves it there."""

    def __init__(self, services: LeagueServices, params: Params | None = None) -> None:
        params = params or Params()
        super().__init__(services, params)
        self.folder = Path(params.folder).expanduser()
        plugin = services.registry.plugin(services.env.name.partition("/")[0])
        self._where = [services.env.name, dict(services.env.params), list(package_hash(plugin)), params.salt]

    def _play(self, asked: list[Asked]) -> list[PayoffRow]:
        """What is kept, and the others by matches."""
        found = {one.pairing: self._read(one) for one in asked}
        played = iter(super()._play([one for one in asked if found[one.pairing] is None]))
        return [found[one.pairing] or self._write(one, next(played)) for one in asked]

    def _seeds(self, asked: Asked) -> Keys:
        """Seeds that follow from the cell alone."""
        first = int(self._cell(asked.snapshots)[:15], 16)
        return rng.mix(first, np.arange(asked.before, asked.before + asked.count, dtype=np.uint64))

    def _cell(self, snapshots: Sequence[str]) -> str:
        return hashlib.sha256(canonical([*self._where, list(snapshots)]).encode()).hexdigest()

    def _file(self, asked: Asked) -> Path:
        cell = self._cell(asked.snapshots)
        return self.folder / cell[:2] / f"{cell[2:40]}-{asked.before}-{asked.count}.json"

    def _read(self, asked: Asked) -> PayoffRow | None:
        file = self._file(asked)
        try:
            kept = json.loads(file.read_text())
            row = PayoffRow(asked.pairing, asked.before, kept["count"], tuple(kept["mean"]), tuple(kept["m2"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{file} is no kept payoff ({error}): remove it, and it is played again") from error
        return row

    def _write(self, asked: Asked, row: PayoffRow) -> PayoffRow:
        file = self._file(asked)
        kept = {"count": row.count, "mean": row.mean, "m2": row.m2, "env": self._where[0], "players": asked.snapshots}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, json.dumps(kept).encode())
        except OSError as error:
            raise UserError(f"payoffs.source.folder: cannot keep payoffs in {self.folder}: {error}") from error
        return row
