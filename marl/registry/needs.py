"""What is installed, and what distributions need of one another, by what they say in their metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def needs(distribution: metadata.Distribution) -> Iterator[Requirement]:
    """What it needs here: without extras, and what is for other systems."""
    for text in distribution.requires or ():
        try:
            needed = Requirement(text)
        except InvalidRequirement:
            continue
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield needed


def installed() -> dict[str, metadata.Distribution]:
    """All distributions, by their canonical names; the first on the path is the one that counts."""
    found: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        if name := _name(distribution):
            found.setdefault(canonicalize_name(name), distribution)
    return found


def closure(names: Iterable[str]) -> dict[str, metadata.Distribution]:
    """The distributions of these names that are here, and all that they need, by canonical name."""
    here, found = _installed(), dict[str, metadata.Distribution]()
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in here and name not in found:
            found[name] = here[name]
            waiting += [canonicalize_name(needed.name) for needed in needs(here[name])]
    return dict(sorted(found.items()))


@cache  # as this process imports them, whatever is installed meanwhile
def _installed() -> dict[str, metadata.Distribution]:
    return installed()


def _name(distribution: metadata.Distribution) -> str:
    """Its name; "" where its metadata is damaged."""
    try:
        return distribution.metadata["Name"] or ""
    except (TypeError, KeyError):  # there is none
        return ""
