"""The header of a dataset, `dataset.json`: what was played, by whom, and which files hold it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import marl
from marl.blobs import write_atomically
from marl.env import EnvSpec
from marl.errors import RunError, UserError
from marl.snapshot import JSON, canonical
from marl.space import describe

FILE = "dataset.json"
FORMAT = 1


@dataclass(frozen=True)
class PartInfo:
    """One file: its name, what it holds, and the SHA-256 by which damage is noticed. `rows`: of each group."""

    file: str
    matches: int
    ticks: int
    rows: list[int]
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Header:
    """What a dataset is about.

    `environment` and `params`: the registered name and its parameters. `spec`: agents, sides, groups and their spaces,
    see `spec_of`. `players`: who played, by number: `name`, `policy`, and `snapshot`, the id of what was restored.
    `lineups`: the weights of these players on every side, `[R][S][P]`; match m is of line-up m modulo R. `seed`: that
    all matches follow from, or None where they were played elsewhere. `each`: how many matches stand in a part.
    """

    environment: str
    params: Mapping[str, JSON]
    spec: Mapping[str, Any]
    players: list[dict[str, JSON]]
    lineups: list[list[list[float]]]
    seed: int | None
    each: int
    parts: list[PartInfo] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=lambda: {"marl": marl.__version__})

    @property
    def matches(self) -> int:
        """How many are written down."""
        return sum(part.matches for part in self.parts)

    @property
    def rows(self) -> int:
        """Own turns of agents, over all matches."""
        return sum(sum(part.rows) for part in self.parts)

    @property
    def ticks(self) -> int:
        """Ticks of the environment, over all matches."""
        return sum(part.ticks for part in self.parts)

    @property
    def id(self) -> str:
        """A hash of all that is in it: equal data, equal ids."""
        content = {"about": self.about(), "parts": [part.sha256 for part in self.parts]}
        return hashlib.sha256(canonical(content).encode()).hexdigest()[:32]

    def about(self) -> dict[str, Any]:
        """What may not change while matches are added."""
        content = json.loads(canonical(asdict(self)))
        return {name: value for name, value in content.items() if name not in ("parts", "versions")}

    def with_part(self, part: PartInfo) -> Header:
        """The same with another part at its end."""
        return replace(self, parts=[*self.parts, part])

    def write(self, root: Path) -> None:
        """Write `dataset.json`, whole or not at all."""
        write_atomically(root / FILE, json.dumps({"format": FORMAT, **asdict(self)}, indent=1).encode())

    @staticmethod
    def read(root: Path) -> Header:
        """The header of the dataset in `root`. UserError where there is none of this format, RunError for damage."""
        path = root / FILE
        try:
            content = json.loads(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"there is no dataset in {root}: it has no {FILE} (`marl record` writes one)") from None
        except ValueError as error:
            raise RunError(f"{path} is damaged ({error}): restore a backup of it, or record again") from None
        known = content.get("format") if isinstance(content, dict) else None
        if known != FORMAT:
            raise UserError(f"{path} is of format {known}, and this version of marl reads format {FORMAT}")
        names = {one.name for one in fields(Header)}
        missing = sorted(names - set(content))
        if missing:
            raise RunError(f"{path} is damaged: it lacks {', '.join(missing)}")
        try:
            parts = [PartInfo(**part) for part in content["parts"]]
        except TypeError as error:
            raise RunError(f"{path} is damaged: its parts are not described as they should be ({error})") from None
        return Header(**{**{name: content[name] for name in names}, "parts": parts})


def spec_of(spec: EnvSpec) -> dict[str, Any]:
    """What of an environment's spec the columns of a dataset depend on, as JSON."""
    groups = [
        {
            "name": group.name,
            "agents": list(group.agents),
            "observation": describe(group.observation),
            "action": describe(group.action),
        }
        for group in spec.groups
    ]
    state = None if spec.state is None else describe(spec.state)
    return {"agents": list(spec.agents), "sides": [list(side) for side in spec.sides], "groups": groups, "state": state}
