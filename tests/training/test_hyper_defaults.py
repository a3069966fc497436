"""Hyper-parameters of all plugins have the defaults that their classes say, however these are combined.

A dataclass takes the fields of its bases from the last to the first, and each base has all that it inherits: so one
that stands before another hides what that other says differently of what both inherit.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from marl.registry import ALGORITHMS, load_registry
from marl.training.hyper import Hyper


def hidden(schema: type) -> list[str]:
    """The fields whose default is not that of the first class that declares them."""
    result = []
    for field in dataclasses.fields(schema):
        owner: Any = next(one for one in schema.__mro__ if field.name in inspect.get_annotations(one))
        own = next(one for one in dataclasses.fields(owner) if one.name == field.name)
        if (own.default, own.default_factory) != (field.default, field.default_factory):
            result.append(f"{field.name} of {owner.__name__}")
    return result


def test_no_default_is_hidden_by_the_order_of_bases() -> None:
    registry = load_registry()
    schemas = {one.full_name: registry.schema(one) for one in registry.all(ALGORITHMS.name)}
    found = {name: hidden(schema) for name, schema in schemas.items() if schema and issubclass(schema, Hyper)}
    assert {name: fields for name, fields in found.items() if fields} == {}


def test_it_would_be_found() -> None:
    @dataclasses.dataclass(kw_only=True)
    class Slow(Hyper):
        lr: float = 1e-6

    @dataclasses.dataclass(kw_only=True)
    class More(Hyper):
        more: int = 1

    @dataclasses.dataclass(kw_only=True)
    class Wrong(More, Slow):
        pass

    @dataclasses.dataclass(kw_only=True)
    class Right(Slow, More):
        pass

    assert hidden(Wrong) == ["lr of Slow"] and hidden(Right) == [] and Wrong().lr == Hyper().lr
