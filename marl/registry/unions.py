"""Which member of a union a value of a scenario is meant to be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from marl.registry.component import Component


def meant(value: Any, members: list[Any]) -> list[Any]:
    """Of several dataclasses, the one whose fields a mapping names most of, so that its complaint is told."""
    schemas = [member for member in members if dataclasses.is_dataclass(member) and member is not Component]
    if not isinstance(value, Mapping) or len(schemas) < 2:
        return members
    shared = [len({field.name for field in dataclasses.fields(schema)} & set(value)) for schema in schemas]
    best = [schema for schema, count in zip(schemas, shared, strict=True) if count == max(shared)]
    return best if max(shared) and len(best) == 1 else members
