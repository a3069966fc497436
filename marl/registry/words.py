"""Types and values in words, for error messages."""

from __future__ import annotations

import collections.abc
import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union

from marl.mask import mask
from marl.registry.component import Component
from marl.registry.descriptor import singular

_SIMPLE: dict[Any, str] = {
    int: "an integer",
    float: "a number",
    str: "text",
    bool: "true or false",
    type(None): "nothing",
    None: "nothing",
    Any: "anything",
}


def expected(hint: Any, kind: str | None = None) -> str:
    """What a type asks for: `int -> "an integer"`, `list[int] -> "a list"`."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(expected(member, kind) for member in arguments))
    if origin is Literal:
        return ("one of " if len(arguments) > 1 else "") + ", ".join(map(repr, arguments))
    if hint is Component:
        return f"the name of {article(singular(kind or 'components'))} (or a mapping with its name and parameters)"
    if dataclasses.is_dataclass(hint):
        return "a mapping with the keys " + ", ".join(field.name for field in dataclasses.fields(hint))
    if (origin or hint) in (list, tuple, collections.abc.Sequence):
        return f"a list (each entry {expected(arguments[0], kind)})" if arguments else "a list"
    if (origin or hint) in (dict, collections.abc.Mapping):
        return f"a mapping (each value {expected(arguments[1], kind)})" if arguments else "a mapping"
    return str(getattr(hint, "__name__", hint))


def found(value: Any) -> str:
    """What stands there: `'x' is text`, `3.5 is a number with a fraction`."""
    match value:
        case None:
            return "nothing stands here"
        case bool():
            return f"{str(value).lower()} is true or false"
        case int():
            return f"{value} is an integer"
        case float():
            return f"{value} is a number with a point"
        case str():
            return f"{mask(value)!r:.60} is text"
        case list() | tuple():
            return "this is a list"
        case Mapping():
            return "this is a mapping"
    return f"{value!r:.60} is a {type(value).__name__}"


def article(noun: str) -> str:
    """The noun with its article: `"a policy"`, `"an algorithm"`."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
