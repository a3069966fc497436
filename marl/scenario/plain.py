"""Configurations as plain values: what YAML and JSON can hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from marl.registry.component import Component
from marl.registry.params import flat
from marl.scenario.references import Keys, put


def plain(value: Any) -> Any:
    """Dataclasses as dicts, components as a name (or a dict of name and parameters), tuples as lists."""
    if isinstance(value, Component):
        params = {key: plain(item) for key, item in value.params.items()}
        return {"name": value.name, **params} if params else value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(item) for name, item in flat(value).items()}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def to_yaml(value: Any, secret: Mapping[Keys, str] | None = None) -> str:
    """YAML text that loads to `plain(value)` again; a literal `${` is escaped, as OmegaConf would interpolate it.

    `secret`: references that are written in place of what they stand for.
    """
    import yaml  # type: ignore[import-untyped]

    tree = _escaped(plain(value))
    for keys, reference in (secret or {}).items():
        put(tree, keys, reference)
    return str(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=120))


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value.replace("${", "\\${") if isinstance(value, str) else value
