"""Finding players by what a person types: a run, one player of a run, a snapshot's file, or a policy's name.

| typed | who plays |
|---|---|
| `runs/cartpole_ppo` | the run as a whole: the newest snapshot, or a league's final mixture |
| `runs/cartpole_ppo@3` | one player of it, by name (here the snapshot of the third slice) |
| `runs/x/blobs/0f3a....safetensors` | a snapshot |
| `marl/random`, `"openspiel/mcts simulations=50"` | a registered policy, with parameters |
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from marl.blobs import Blobs
from marl.env import EnvSpec
from marl.errors import UserError, suggestion
from marl.evaluation import Player
from marl.policy import Policy
from marl.registry import Component, Registry
from marl.roster import Roster
from marl.scenario import FILE, load_scenario
from marl.scenario.overrides import split
from marl.snapshot import Snapshot


@dataclass(frozen=True)
class Contestant:
    """Somebody who can be asked to play: a name, mixtures over snapshots by side, and the environment they know.

    `mixtures`: one for each side, or one for all sides alike. `env` is None for a policy that plays anywhere. `sides`:
    those that it learned to play, or None for all.
    """

    name: str
    mixtures: tuple[tuple[tuple[Snapshot, float], ...], ...]
    env: Component | None = None
    sides: tuple[int, ...] | None = None

    def player(self, registry: Registry, spec: EnvSpec) -> Player:
        """Ready to play this environment. Raises UserError where it cannot."""
        snapshots = list({snapshot.id: snapshot for side in self.mixtures for snapshot, _ in side}.values())
        index = {snapshot.id: number for number, snapshot in enumerate(snapshots)}
        weights = np.zeros((len(spec.sides), len(snapshots)))
        if len(self.mixtures) not in (1, len(spec.sides)):
            raise UserError(f"{self.name} has players for {len(self.mixtures)} sides, and here are {len(spec.sides)}")
        for side in range(len(spec.sides)):
            for snapshot, weight in self.mixtures[side if len(self.mixtures) > 1 else 0]:
                weights[side, index[snapshot.id]] += weight
        return Player(self.name, [restore(registry, spec, snapshot) for snapshot in snapshots], weights)


def contestant(text: str, registry: Registry) -> Contestant:
    """Who is meant by `text` (see the table above). Raises UserError where it is nobody."""
    place, _, name = text.partition("@")
    path = Path(place)
    if path.is_dir():
        return _of_run(text, path, name, registry)
    if path.suffix in (".safetensors", ".json") and path.is_file():
        snapshot = Blobs(path.parent).get_snapshot(path.stem)
        return Contestant(path.stem[:12], (((snapshot, 1.0),),), environment_of(path.parent.parent, registry))
    if path.suffix or place.startswith(("/", ".", "runs/")):
        raise UserError(f"there is no run and no snapshot {place!r}{_runs()}")
    words = text.split()
    if not words:
        raise UserError("a player is a run directory, a snapshot's file or a policy's name, and not an empty text")
    params = {".".join(key): value for key, value in map(split, words[1:])}
    found = registry.find("policies", words[0])
    checked = registry.validate("policies", found.full_name, params)
    snapshot = Snapshot(found.full_name, {}, {"params": checked} if params else {})
    return Contestant(text, (((snapshot, 1.0),),))


def roster(run: Path, registry: Registry) -> Roster:
    """Who is in a run directory. Raises UserError where it is none, or nobody is in it."""
    if not (run / FILE).is_file():
        raise UserError(f"{run} is not a run directory: it has no {FILE}{_runs()}")
    scenario = load_scenario(run / FILE, [], registry)
    readers = {reader.name: reader for reader in registry.all("rosters")}
    if scenario.kind not in readers:
        raise UserError(f"a run of kind {scenario.kind!r} has no players that could play here")
    found = cast(Roster, registry.load(readers[scenario.kind])(run))
    if not found.players:
        raise UserError(f"{run} has no players yet: nothing is finished; let it run, or `marl resume {run}`")
    return found


def environment_of(run: Path, registry: Registry) -> Component | None:
    """The environment of a run, or None where there is no scenario beside it that has one."""
    if not (run / FILE).is_file():
        return None
    return cast("Component | None", getattr(load_scenario(run / FILE, [], registry).config, "env", None))


def restore(registry: Registry, spec: EnvSpec, snapshot: Snapshot) -> Policy:
    """The policy that a snapshot holds, for this environment."""
    params = snapshot.meta.get("params", {})
    return cast(Policy, registry.make("policies", snapshot.policy, params, spec=spec, snapshot=snapshot))


def _of_run(text: str, run: Path, name: str, registry: Registry) -> Contestant:
    found, blobs = roster(run, registry), Blobs(run / "blobs")
    if name and name not in found.players:
        raise UserError(f"{run} has no player {name!r}{suggestion(name, found.players)}")
    mixtures = (((name, 1.0),),) if name else found.best
    loaded = {player: blobs.get_snapshot(found.players[player]) for side in mixtures for player, weight in side}
    sides = tuple(tuple((loaded[player], weight) for player, weight in side) for side in mixtures)
    return Contestant(text, sides, environment_of(run, registry), found.sides)


def _runs() -> str:
    known = sorted(str(file.parent) for file in Path("runs").glob(f"*/{FILE}"))
    return f"; runs here: {', '.join(known)}" if known else ""
