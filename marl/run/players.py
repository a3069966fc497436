"""Finding players by what a person types, on every command line and in every scenario.

| typed | who plays |
|---|---|
| `runs/cartpole_ppo` | the run as a whole: the newest snapshot, or a league's final mixture |
| `runs/cartpole_ppo@3` | one player of it, by name (here the snapshot of the third slice) |
| `"runs/connect_four_ppo greedy=true"` | with parameters of its policy: always the most probable action |
| `runs/x/blobs/0f3a....safetensors` | a snapshot |
| `marl/random`, `"openspiel/mcts simulations=50"` | a registered policy, with parameters |
| `bots/python-random`, `person:ann` | a bot's files, and somebody at the terminal: in tournaments only |
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, cast

import numpy as np

from marl.blobs import Blobs
from marl.env import EnvSpec
from marl.errors import UserError, suggestion
from marl.evaluation import Player
from marl.registry import ENVIRONMENTS, POLICIES, ROSTERS, Component, Descriptor, Registry
from marl.registry.component import is_path
from marl.roster import Roster
from marl.scenario import FILE, load_run, runs_here
from marl.scenario.overrides import split
from marl.services import restore
from marl.snapshot import JSON, Snapshot


@dataclass(frozen=True)
class Contestant:
    """Somebody who can be asked to play: a name, mixtures over snapshots by side, and the environment they know.

    `mixtures`: one for each side, or one for all sides alike. `env` is None for a policy that plays anywhere. `sides`:
    those that it learned to play, or None for all. `run`: where it comes from, and which player of that it is
    (`player`, "" for the run as a whole), or None.
    """

    name: str
    mixtures: tuple[tuple[tuple[Snapshot, float], ...], ...]
    env: Component | None = None
    sides: tuple[int, ...] | None = None
    run: Path | None = None
    player_name: str = ""

    def on(self, side: int) -> tuple[tuple[Snapshot, float], ...]:
        """Its mixture on a side."""
        return self.mixtures[side if len(self.mixtures) > 1 else 0]

    def player(self, registry: Registry, spec: EnvSpec) -> Player:
        """Ready to play this environment. Raises UserError where it cannot."""
        snapshots = list({snapshot.id: snapshot for side in self.mixtures for snapshot, _ in side}.values())
        index = {snapshot.id: number for number, snapshot in enumerate(snapshots)}
        weights = np.zeros((len(spec.sides), len(snapshots)))
        if len(self.mixtures) not in (1, len(spec.sides)):
            raise UserError(f"{self.name} has players for {len(self.mixtures)} sides, and here are {len(spec.sides)}")
        for side in range(len(spec.sides)):
            for snapshot, weight in self.on(side):
                weights[side, index[snapshot.id]] += weight
        return Player(self.name, [restore(registry, spec, snapshot) for snapshot in snapshots], weights)


def contestant(text: str, registry: Registry) -> Contestant:
    """Who is meant by `text` (see the table above). Raises UserError where it is nobody."""
    who, params = parameters(text)
    path, name = place(who)
    match meaning(text):
        case "run":
            return of_run(text, path, name, params, registry)
        case "snapshot":
            snapshot = told(Blobs(path.parent).get_snapshot(path.stem), params, registry)
            return Contestant(path.stem[:12], (((snapshot, 1.0),),), environment_of(path.parent.parent, registry))
        case "bot" | "person":
            raise UserError(f"{text} takes part in tournaments only (`marl tournament submit EVENT {text}`)")
    policy = find_policy(who, registry).full_name
    return Contestant(text, (((told(Snapshot(policy, {}), params, registry), 1.0),),))


def find_policy(who: str, registry: Registry) -> Descriptor:
    """The policy of that name. Raises UserError, which says where else one looked for the player."""
    if is_path(who):
        raise UserError(f"there is no run, snapshot or bot {str(place(who)[0])!r}{runs_here()}")
    try:
        return registry.find(POLICIES, who)
    except UserError as error:
        beside = "" if "did you mean" in str(error) else f", and there is no run, snapshot or bot {who!r}{runs_here()}"
        raise UserError(f"{error}{beside}") from None


def meaning(text: str) -> Literal["run", "snapshot", "bot", "person", "policy"]:
    """What kind of player `text` names. Whatever is there on the disk is what is meant, else it is a policy's name.

    Raises UserError for what nobody could be called.
    """
    who, _ = parameters(text)
    if not who:
        raise UserError(f"a player is a run directory, a snapshot's file or a policy's name, and not {text!r}")
    if who.startswith("person:"):
        return "person"
    scheme, _, rest = who.partition(":")
    if scheme in ("policy", "snapshot") and rest and not Path(who).exists():
        right = rest.replace(":", "@") if scheme == "snapshot" else rest
        raise UserError(f"{text!r}: players are named without {scheme!r} now: {right}")
    path, _ = place(who)
    if path.is_dir():
        return "bot" if not (path / FILE).is_file() and os.path.lexists(path / "bot.yaml") else "run"
    if path.is_file():
        return "snapshot" if path.suffix in (".safetensors", ".json") else "bot"
    return "policy"


def place(who: str) -> tuple[Path, str]:
    """`"runs/a@3" -> (Path("runs/a"), "3")`; a path that exists has no player's name in it."""
    if "@" not in who or Path(who).exists():
        return Path(who), ""
    path, _, name = who.rpartition("@")
    return Path(path), name


def meeting_place(env: str, players: Sequence[Contestant], registry: Registry) -> Component:
    """Where these can meet: in `env`, a name with parameters, where it is given; else where they learned.

    Raises UserError where no one learned anywhere, or they did in environments that differ, if only by a parameter:
    what one of them was shown there may mean something else here.
    """
    if env:
        name, params = parameters(env)
        name = registry.find(ENVIRONMENTS, name).full_name
        return Component(name, registry.validate(ENVIRONMENTS, name, params))
    known = [player for player in players if player.env is not None]
    if not known:
        raise UserError(f"{players[0].name!r} plays anywhere: say where with --env, as in --env classic/connect_four")
    for player in known[1:]:
        if player.env != known[0].env:
            raise UserError(
                f"{known[0].name} learned {known[0].env}, and {player.name} {player.env}; "
                "if they shall meet all the same, say where with --env"
            )
    return cast(Component, known[0].env)


def seats(player: Contestant, rival: Contestant, sides: int) -> list[int]:
    """The sides that `player` can have while `rival` has all others. Raises UserError where there are none."""
    everywhere = range(sides)
    mine = everywhere if player.sides is None else player.sides
    theirs = everywhere if rival.sides is None else rival.sides
    found = [side for side in mine if all(other in theirs for other in everywhere if other != side)]
    if not found:
        raise UserError(
            f"{player.name} learned to play side {_listed(mine)}, and {rival.name} side {_listed(theirs)}: "
            "there is no match in which both play what they learned"
        )
    return found


def _listed(sides: Iterable[int]) -> str:
    return " and ".join(map(str, sides))


def told(snapshot: Snapshot, params: dict[str, JSON], registry: Registry) -> Snapshot:
    """The same snapshot, to be played with these parameters of its policy. Raises UserError where it has none such."""
    if not params:
        return snapshot
    params = registry.validate(POLICIES, snapshot.policy, {**snapshot.meta.get("params", {}), **params})
    return Snapshot(snapshot.policy, snapshot.arrays, {**snapshot.meta, "params": params})


def _told(snapshots: dict[str, Snapshot], params: dict[str, JSON], registry: Registry) -> dict[str, Snapshot]:
    """All that take these parameters play with them; UserError where none does."""
    result, refused = dict(snapshots), []
    for name, snapshot in snapshots.items():
        try:
            result[name] = told(snapshot, params, registry)
        except UserError as error:
            refused.append(error)
    if refused and len(refused) == len(snapshots):
        raise refused[0]
    return result


def roster(run: Path, registry: Registry) -> Roster:
    """Who is in a run directory. Raises UserError where it is none, or nobody is in it."""
    scenario = load_run(run, registry)
    readers = {reader.name: reader for reader in registry.all(ROSTERS)}
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
    return cast("Component | None", getattr(load_run(run, registry).config, "env", None))


def label(text: str) -> str:
    """A short name for a player that is typed so: without the folders that lead to a run."""
    who, _ = parameters(text)
    path, name = place(who)
    if not is_path(who) and not path.exists():
        return text
    short = path.stem[:12] if path.suffix == ".safetensors" else path.name
    return text.strip().replace(who, f"{short}@{name}" if name else short, 1)


def named(players: Sequence[Contestant]) -> list[str]:
    """A name for each, as short as can be while all differ."""
    short = [label(player.name) for player in players]
    return [one if short.count(one) == 1 else player.name for one, player in zip(short, players, strict=True)]


def parameters(text: str) -> tuple[str, dict[str, JSON]]:
    """`"who a=1 b=2" -> ("who", {"a": 1, "b": 2})`. The first word, and a path that exists, are never parameters."""
    who = text.strip()
    params: dict[str, JSON] = {}
    while " " in who and "=" in (word := who.rpartition(" ")[2]) and not Path(who).exists():
        key, value = split(word)
        params.setdefault(".".join(key), value)  # of two, the last one counts
        who = who.removesuffix(word).rstrip()
    return who, params


def typed(component: Component, registry: Registry) -> str:
    """How a player is typed, `"openspiel/mcts simulations=50"`: the reverse of `parameters`, without what is usual."""
    known = not is_path(component.name) and " " not in component.name
    schema = registry.schema(registry.find(POLICIES, component.name)) if known else None
    usual = {field.name: field.default for field in fields(schema)} if schema else {}
    words = [
        f"{name}={json.dumps(value, separators=(',', ':'))}"
        for name, value in component.params.items()
        if name not in usual or usual[name] != value
    ]
    return " ".join([component.name, *words])


def of_run(text: str, run: Path, name: str, params: dict[str, JSON], registry: Registry) -> Contestant:
    """Who plays for a run directory, or its player called `name`; `text` is what they are called here."""
    found, blobs = roster(run, registry), Blobs(run / "blobs")
    if name and name not in found.players:
        raise UserError(f"{run} has no player {name!r}{suggestion(name, found.players)}")
    mixtures = (((name, 1.0),),) if name else found.best
    if not mixtures:
        first = next(iter(found.players))
        raise UserError(f"{run} has finished no iteration yet: name one of its players, as in {run}@{first}")
    names = {player for side in mixtures for player, _ in side}
    loaded = _told({player: blobs.get_snapshot(found.players[player]) for player in names}, params, registry)
    sides = tuple(tuple((loaded[player], weight) for player, weight in side) for side in mixtures)
    learned = found.learned.get(name, found.sides)
    return Contestant(text, sides, environment_of(run, registry), learned, run, name)
