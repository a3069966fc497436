"""From a file and overrides to a checked scenario."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

from marl.errors import UserError, suggestion
from marl.mask import holds_password
from marl.printable import printable
from marl.registry import RUNNERS, Descriptor, ParameterError, Registry
from marl.registry.lenient import Lenient
from marl.registry.params import join
from marl.scenario import record
from marl.scenario.library import locate
from marl.scenario.lock import whence
from marl.scenario.overrides import assign, split
from marl.scenario.plain import plain, to_yaml
from marl.scenario.read import interpolated, read
from marl.scenario.references import Keys, references
from marl.scenario.scenario import Scenario


def load_scenario(name_or_path: str | Path, overrides: list[str], registry: Registry, absent: bool = False) -> Scenario:
    """Read a scenario, apply `key=value` overrides and check all of it; with `absent`, but what is not installed here.

    Raises UserError naming the file, line and key, what would be right, and the closest match.
    """
    source = locate(str(name_or_path), registry)
    raw, lines = read(source)
    assignments = [split(override) for override in overrides]
    for path, value in assignments:
        if path == ["kind"]:
            raw["kind"] = value
    runner = _runner(raw, source, lines, registry)
    schema = registry.schema(runner)
    if source.name == record.FILE and (former := getattr(schema, "former", None)):
        former(raw)  # a run directory may be older than this version
    for path, value in assignments:
        assign(raw, path, value, schema, registry)
    if schema and any(field.name == "name" for field in dataclasses.fields(schema)):
        raw.setdefault("name", _name(source))
    given = {".".join(path) for path, _ in assignments}

    def place(key: str) -> str:
        return _place(key, source, lines, given)

    values = interpolated(raw, place)
    values.pop("kind")
    secret = _secrets(raw, values, place)
    lenient = Lenient(registry) if absent else None
    try:
        config = registry.fill(runner, values, f"a scenario of kind {runner.name!r}", lenient)
    except ParameterError as error:
        more = whence(str(error), source.parent, registry) if source.name == record.FILE else ""
        raise UserError(f"{place(error.path)}: {error}{more}") from error
    name = str(getattr(config, "name", None) or _name(source))
    if name in (".", "..") or {"/", "\\"} & set(name):
        raise UserError(
            f"{place('name')}: name: {name!r} would lead into another folder than runs/NAME: "
            "choose a name without a slash, and say where to run with --out"
        )
    if not name.isprintable():
        raise UserError(
            f"{place('name')}: name: {printable(name)} has characters that cannot be printed: leave them out"
        )
    text = to_yaml({"kind": runner.name, **(plain(config) or {})}, secret)
    return Scenario(runner.name, name, config, text, source, tuple(lenient.absent) if lenient else ())


def _runner(raw: dict[str, Any], source: Path, lines: dict[str, int], registry: Registry) -> Descriptor:
    kinds = [runner.name for runner in registry.all(RUNNERS)]
    if "kind" not in raw:
        close = suggestion("kind", [key for key in raw if key[:1] == "k"]) if raw else ""
        close = close if close.startswith("; did you") else ""
        raise UserError(f"{source}: 'kind' is missing; it says who runs the scenario, one of {', '.join(kinds)}{close}")
    kind = raw["kind"]
    place = f"{source}, line {lines['kind']}" if "kind" in lines else str(source)
    if not isinstance(kind, str):
        raise UserError(f"{place}: kind: {kind!r} is not text; it is one of {', '.join(kinds)}")
    try:
        return registry.find(RUNNERS, kind)
    except UserError as error:
        sentence = str(error).replace("unknown runner", "unknown kind of scenario", 1)
        sentence = sentence.replace("not a runner; runners", "not a kind of scenario; kinds", 1)
        raise UserError(f"{place}: kind: {sentence}") from error


def _place(path: str, source: Path, lines: dict[str, int], given: set[str]) -> str:
    """Where a wrong key came from: an override, or a line of the file (that of the nearest key above, if need be)."""
    if any(f"{key}.".startswith(f"{_dotted(path)}.") for key in given):
        return "command line"
    above = path
    while above:
        if _dotted(above) in given:
            return "command line"
        if above in lines:
            return f"{source}, line {lines[above]}"
        above = above[: max(above.rfind("."), above.rfind("["), 0)]
    return str(source)


def _secrets(raw: dict[str, Any], values: dict[str, Any], place: Callable[[str], str]) -> dict[Keys, str]:
    """The references that stand for addresses with passwords. Raises UserError where a password itself stands."""
    found = dict(references(raw, values))
    for keys, text in found.items():
        if holds_password(text):
            path = reduce(join, keys, "")
            raise UserError(
                f"{place(path)}: {path}: a password may not stand here, since scenarios are "
                "kept, shown and exported: put the whole address into an environment variable and write "
                "'${oc.env:NAME}', or leave the password out and let the database's client find it (~/.pgpass)"
            )
    return found


def _dotted(path: str) -> str:
    return path.replace("[", ".").replace("]", "")


def _name(source: Path) -> str:
    """The file's name; a run directory's scenario is called as the directory."""
    return source.resolve().parent.name if source.name == record.FILE else source.stem
