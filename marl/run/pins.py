"""players.json: players of other runs whom a run meets, kept as they were when it first met them.

The run that they come from may go on, move or be removed: who met them stays reproducible, and resumes without it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from marl.blobs import Blobs, write_atomically
from marl.errors import RunError, UserError
from marl.registry import ENVIRONMENTS, Component, Registry
from marl.registry.component import is_path
from marl.run.players import Contestant, contestant, label, typed
from marl.scenario import plain
from marl.services import scripted

FILE = "players.json"


def snapshots(file: Path) -> set[str]:
    """The ids of all snapshots that a players.json names."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    return {id for one in kept.values() for side in one["mixtures"] for id, _ in side}


class Pins:
    """The players whom the run in `out` meets. `write` keeps those that were asked for; nothing is written before."""

    def __init__(self, out: Path, blobs: Blobs, registry: Registry) -> None:
        self.out, self.blobs, self.registry = out, blobs, registry
        self._asked: dict[str, Contestant] = {}
        try:
            self._kept: dict[str, Any] = json.loads((out / FILE).read_text()) if (out / FILE).is_file() else {}
        except ValueError as error:
            raise RunError(f"{out / FILE} is damaged ({error}): restore a backup of it") from None

    def find(self, component: Component, where: str) -> Contestant:
        """Who is meant by a scenario's `where` ("opponents[0]"). Raises UserError where that is nobody."""
        text = typed(component, self.registry)
        if text not in self._asked:
            try:
                self._asked[text] = self._found(component, text)
            except UserError as error:
                raise UserError(f"{where}: {error}") from None
        return self._asked[text]

    def _found(self, component: Component, text: str) -> Contestant:
        if text in self._kept:
            return self._restored(text)
        if is_path(component.name) or " " in component.name:
            return contestant(text, self.registry)
        return Contestant(text, (((scripted(component), 1.0),),))

    def write(self) -> None:
        """Keep all that come from other runs."""
        plain_text = {text: self._plain(found) for text, found in self._asked.items() if found.env is not None}
        if plain_text and {**self._kept, **plain_text} != self._kept:
            self._kept |= plain_text
            write_atomically(self.out / FILE, (json.dumps(self._kept, indent=1) + "\n").encode())

    def _plain(self, found: Contestant) -> dict[str, Any]:
        mixtures = [[[self.blobs.put_snapshot(one), weight] for one, weight in side] for side in found.mixtures]
        env = None if found.env is None else {"name": found.env.name, "params": plain(found.env.params)}
        return {"name": label(found.name), "mixtures": mixtures, "env": env, "sides": found.sides}

    def _restored(self, text: str) -> Contestant:
        kept = self._kept[text]
        sides = None if kept["sides"] is None else tuple(kept["sides"])
        mixtures = tuple(
            tuple((self.blobs.get_snapshot(id), weight) for id, weight in side) for side in kept["mixtures"]
        )
        env = kept["env"] and self.registry.validate(ENVIRONMENTS, kept["env"]["name"], kept["env"]["params"])
        return Contestant(text, mixtures, Component(kept["env"]["name"], env) if kept["env"] else None, sides)
