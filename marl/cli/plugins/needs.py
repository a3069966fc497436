"""What distributions need of one another, by what they say in their metadata."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from marl.cli.plugins.tool import Change
from marl.registry.needs import installed, needs


def broken_by(changes: Iterable[Change]) -> list[str]:
    """A sentence for each distribution here whose needs the changes would break, and that are met now."""
    new = {canonicalize_name(change.name): change for change in changes}
    sentences = []
    for name, distribution in installed().items():
        for needed in needs(distribution) if name not in new else ():
            change = new.get(canonicalize_name(needed.name))
            if change is None or needed.specifier.contains(change.new, prereleases=True):
                continue
            if change.old and needed.specifier.contains(change.old, prereleases=True):
                who = f"{distribution.metadata['Name']} {distribution.version} needs {needed.name}{needed.specifier}"
                sentences.append(f"{who}, and {change.name} would go from {change.old} to {change.new}")
    return sentences


def unmet(distribution: metadata.Distribution) -> list[tuple[Requirement, str]]:
    """What it needs and has not, and the version that is here instead ("" for none)."""
    here = installed()
    found = []
    for needed in needs(distribution):
        other = here.get(canonicalize_name(needed.name))
        if other is None or not needed.specifier.contains(other.version, prereleases=True):
            found.append((needed, other.version if other else ""))
    return found


def dependents(name: str) -> list[str]:
    """The distributions that need this one."""
    wanted = canonicalize_name(name)
    return [
        distribution.metadata["Name"]
        for distribution in installed().values()
        if any(canonicalize_name(needed.name) == wanted for needed in needs(distribution))
    ]
