"""Overrides from the command line: `key=value`, where a dotted key reaches into components."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from marl.errors import UserError
from marl.registry import POLICIES, Registry
from marl.registry.component import PLAYERS, Component, kind_of
from marl.scenario.plain import plain
from marl.scenario.read import parse_value

_ABSENT = object()


def split(override: str) -> tuple[list[str], Any]:
    """`"env.players=3" -> (["env", "players"], 3)`. Raises UserError."""
    key, equals, text = override.partition("=")
    path = key.strip().replace("[", ".").replace("]", "").split(".")
    if not equals or not all(path):
        raise UserError(f"the override {override!r} is not of the form key=value, such as seed=3 or env.players=3")
    try:
        return path, parse_value(text)
    except ValueError as error:
        raise UserError(f"the override {override!r} has a value that is not YAML: {error}") from None


def assign(raw: Any, path: list[str], value: Any, schema: type | None, registry: Registry, where: str = "") -> None:
    """Put `value` at `path` in the nested dicts and lists `raw`.

    A component that is written as a name becomes a mapping first, and one that is left to its default is spelled out,
    so that its parameters can be reached; a whole component is replaced by assigning to it.
    """
    key, rest = _key(raw, path[0], where), path[1:]
    if not rest:
        raw[key] = value
        return
    here = f"{where}.{path[0]}" if where else path[0]
    field = _field(schema, path[0])
    child = raw[key] if isinstance(raw, list) else raw.get(key, _ABSENT)
    if child is _ABSENT:
        child = plain(_default(field)) if field else {}
    if isinstance(child, str):
        child = {"name": child}
    if child is None:
        child = {}
    if not isinstance(child, (dict, list)):
        raise UserError(f"the override of {'.'.join([here, *rest])} goes below {here}, which is {child!r}")
    raw[key] = child
    assign(child, rest, value, _schema(field, schema, child, registry), registry, here)


def _key(raw: Any, key: str, where: str) -> Any:
    if isinstance(raw, dict):
        return key
    if key.isdigit() and int(key) < len(raw):
        return int(key)
    raise UserError(f"{where} is a list of {len(raw)} entries: {key!r} is not the number of one (they count from 0)")


@dataclasses.dataclass(frozen=True)
class _Items:
    """Stands for the schema of a list's or dict's entries."""

    field: dataclasses.Field[Any]


def _field(schema: Any, name: str) -> dataclasses.Field[Any] | None:
    if isinstance(schema, _Items):
        return schema.field
    if schema is None:
        return None
    return next((field for field in dataclasses.fields(schema) if field.name == name), None)


def _schema(field: dataclasses.Field[Any] | None, parent: Any, child: Any, registry: Registry) -> Any:
    """The dataclass whose fields are the keys of `child`, or None where it is not known."""
    if field is None:
        return None
    kind = kind_of(field)
    if kind and isinstance(child, dict) and isinstance(child.get("name"), str):
        try:
            return registry.schema(registry.find(POLICIES if kind == PLAYERS else kind, child["name"]))
        except UserError:  # told later, with its place, when the whole is checked
            return None
    if kind:
        return _Items(field)
    owner = parent if isinstance(parent, type) else None
    hint = typing.get_type_hints(owner).get(field.name) if owner else None
    candidates = [hint, *typing.get_args(hint)]
    return next((found for found in candidates if isinstance(found, type) and dataclasses.is_dataclass(found)), None)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    default = field.default
    return {} if default is dataclasses.MISSING or default is None else default


__all__ = ["Component", "assign", "split"]
