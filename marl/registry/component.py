"""Components: how a scenario names a thing that a plugin brings, with its parameters."""

from __future__ import annotations

import dataclasses
from typing import Any

_KIND = "marl.kind"
_REST = "marl.rest"
PLAYERS = "players"  # as a kind: a policy, or whoever else may be named where a player is (`marl.run.players`)


@dataclasses.dataclass
class Component:
    """A registered thing and its parameters: `name` is `plugin/name`, or the short name while it is unambiguous."""

    name: str
    params: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        """With the parameters that it was given, as in "classic/connect_four (view: own)"."""
        params = ", ".join(f"{name}: {value}" for name, value in self.params.items())
        return f"{self.name} ({params})" if params else self.name


def component(kind: str, default: Any = dataclasses.MISSING, help: str = "") -> Any:
    """A dataclass field that holds a Component (or a list or dict of them, or None) of a registry kind.

    The kind "players" takes a policy, and any other player: a run, RUN@PLAYER, a snapshot's file.
    `default`: a name, a Component, a list or dict of these, or None; without it the field is required.

        @dataclass(kw_only=True)
        class Params:
            metasolver: Component = component("metasolvers", "nash", help="turns payoffs into mixtures")
    """
    metadata = {_KIND: kind, "help": help}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default_factory=lambda: _components(default), metadata=metadata)


def rest(kind: str, help: str = "") -> Any:
    """A dataclass field, a dict, that takes all keys that are no fields: names of a registry kind.

    In a scenario they stand beside the fields, as `nash_conv` does in `stop: {iterations: 9, nash_conv: 0.02}`. A null
    is as good as nothing.
    """
    return dataclasses.field(default_factory=dict, metadata={_REST: kind, "help": help})


def rest_of(field: dataclasses.Field[Any]) -> str | None:
    """The registry kind whose names a `rest` field takes, or None for any other field."""
    return field.metadata.get(_REST)


def is_path(who: str) -> bool:
    """Whether a player's name can only be a path, of a run or a snapshot: `/runs/a@3`, `./a`, `runs/a`."""
    return who.startswith(("/", ".", "~", "runs/")) or who.endswith((".safetensors", ".json"))


def elsewhere(name: str) -> str | None:
    """A player's name in full where it is more than a policy's name, else None. Paths become absolute.

    So a resolved scenario means the same wherever it is run from.
    """
    from pathlib import Path

    who, space, rest = (name, "", "") if Path(name).exists() else name.partition(" ")
    path, at, player = who.rpartition("@") if "@" in who and not Path(who).exists() else (who, "", "")
    if Path(path).exists() or is_path(who):
        return f"{Path(path).expanduser().absolute()}{at}{player}{space}{rest}"
    return name if space else None


def kind_of(field: dataclasses.Field[Any]) -> str | None:
    """The registry kind that a dataclass field's Components belong to, or None for an ordinary field."""
    return field.metadata.get(_KIND)


def _components(default: Any) -> Any:
    match default:
        case str():
            return Component(default)
        case Component(name, params):
            return Component(name, dict(params))
        case list() | tuple():
            return [_components(item) for item in default]
        case dict():
            return {key: _components(item) for key, item in default.items()}
    return default
