"""What differs between two scenarios, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from marl.errors import UserError
from marl.mask import mask
from marl.registry.params import join

_SHOWN = 3  # keys
_ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """A key whose values differ between two scenarios. `is_new`: the first one does not have it."""

    key: str
    before: Any
    after: Any
    is_new: bool = False

    @property
    def pair(self) -> list[Any]:
        """Both values as JSON can hold them; a key that is not there is null."""
        return [None if value is _ABSENT else value for value in (self.before, self.after)]


def differing(there: str, here: str) -> list[Difference]:
    """The keys that differ between two resolved scenarios (YAML). Raises UserError where one is not YAML any more."""
    import yaml  # type: ignore[import-untyped]

    try:
        found = list(_differing(yaml.safe_load(there), yaml.safe_load(here), ""))
    except yaml.YAMLError:
        raise UserError("its scenario.yaml is not YAML any more") from None
    return [Difference(key, old, new, old is _ABSENT) for key, old, new in found]


def differences(there: str, here: str) -> str:
    """The first keys that differ between two resolved scenarios (YAML), as in "seed is 0 there and 5 here"."""
    try:
        found = differing(there, here)
    except UserError as error:
        return str(error)
    if not found or not found[0].key:
        return "its scenario.yaml was edited"
    shown = [f"{one.key} is {_text(one.before)} there and {_text(one.after)} here" for one in found[:_SHOWN]]
    more = len(found) - _SHOWN
    return ", ".join(shown) + (f", and {more} more key{'s differ' if more > 1 else ' differs'}" if more > 0 else "")


def arrows(found: Sequence[Difference]) -> str:
    """All of these differences, as in "seed 0 -> 5, stop.iterations 3 -> 6"."""
    return ", ".join(f"{one.key} {_text(one.before)} -> {_text(one.after)}".strip() for one in found)


def _differing(there: Any, here: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    """Key, value there and value here. Of components with other names, the names alone."""
    if there == here:
        return
    names = _name(there), _name(here)
    if where and None not in names:
        if names[0] != names[1]:
            yield where, *names
            return
        there, here = _spelled_out(there), _spelled_out(here)
    if isinstance(there, dict) and isinstance(here, dict):
        for key in {**there, **here}:
            yield from _differing(there.get(key, _ABSENT), here.get(key, _ABSENT), join(where, str(key)))
    else:
        yield where, there, here


def _name(value: Any) -> str | None:
    """What a value is called if it may be a component."""
    name = value.get("name") if isinstance(value, dict) else value
    return name if isinstance(name, str) else None


def _spelled_out(value: Any) -> Any:
    return value if isinstance(value, dict) else {"name": value}


def _text(value: Any) -> str:
    if value is _ABSENT:
        return "not set"
    text = mask(value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False))
    return text if len(text) <= 60 else f"{text[:57]}..."
