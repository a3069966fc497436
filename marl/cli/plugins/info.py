"""`marl plugins info`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marl.cli.command import argument, option
from marl.cli.plugins.listing import things
from marl.cli.plugins.shown import described, remarks, summary
from marl.cli.show import as_json, table
from marl.errors import RunError, UserError, suggestion
from marl.printable import printable
from marl.registry import ENVIRONMENTS, Descriptor, Plugin, Registry, load_registry
from marl.registry.descriptor import singular
from marl.words import clipped


def info(
    name: str = argument(help="The plugin's name, or PLUGIN/NAME for one thing that it brings."),
    files: bool = option(False, "--files", help="Its files with their SHA-256."),
    json: bool = option(False, "--json", help="Print JSON."),
) -> None:
    """Show a plugin: where it comes from, what it brings, and the traceback if it is broken.

    With PLUGIN/NAME: one thing that it brings, with its parameters, their defaults and what they mean.
    """
    registry = load_registry()
    if "/" in name:
        _info_of_one(registry, name, json)
        return
    registry.plugin(name)
    found = [plugin for plugin in registry.plugins if plugin.name == name]
    if json:
        as_json([_details(plugin) for plugin in found] if len(found) > 1 else _details(found[0]))
        return
    for plugin in found:
        _print_details(plugin, files)


def _info_of_one(registry: Registry, name: str, json: bool) -> None:
    from marl.cli.parameters import parameters

    known = things(registry)
    found = [descriptor for descriptor in known if descriptor.full_name == name]
    if not found:
        raise UserError(f"no plugin brings {name!r}{suggestion(name, (one.full_name for one in known))}")
    taken = [parameters(schema) if (schema := registry.schema(one)) else [] for one in found]
    if json:
        as_json(
            [described(one) | {"parameters": list(map(asdict, has))} for one, has in zip(found, taken, strict=True)]
        )
        return
    for one, has in zip(found, taken, strict=True):
        facts = {"summary": one.summary, "source": one.source, "tags": ", ".join(one.tags)}
        print(f"{singular(one.kind):<14}{printable(name)}")
        print("".join(f"{label:<14}{printable(text)}\n" for label, text in facts.items() if text))
        if has:
            table(["parameter", "default", "type", ""], [[p.name, p.default, p.type, p.meaning] for p in has])
        else:
            print("It takes no parameters.")
        if one.kind == ENVIRONMENTS.name:
            _print_game(registry, one)


def _print_game(registry: Registry, descriptor: Descriptor) -> None:
    """What an environment says of itself, where it can be made by its defaults."""
    try:
        spec = registry.make(ENVIRONMENTS, descriptor.full_name, lanes=1).spec
    except (UserError, RunError) as error:
        print(f"\nnot made by its defaults: {printable(str(error))}")
        return
    sides = [clipped(" + ".join(spec.agents[agent] for agent in side), 60) for side in spec.sides]
    facts = {"sides": "; ".join(sides), "play": f"{spec.dynamics}, {spec.max_length} ticks at most"}
    for group in spec.groups:
        facts[f"{group.name} see"], facts[f"{group.name} do"] = str(group.observation), str(group.action)
    facts["state"] = "" if spec.state is None else str(spec.state)
    if spec.tasks is not None:
        facts["tasks"] = ", ".join(spec.tasks.name(task) for task in range(min(len(spec.tasks), 20)))
        facts["tasks"] += f", ... ({len(spec.tasks)})" if len(spec.tasks) > 20 else ""
    facts["info"] = "; ".join(f"{name}: {meaning}" for name, meaning in spec.info.items())
    table(["by its defaults", ""], [[label, text] for label, text in facts.items() if text])


def _details(plugin: Plugin) -> dict[str, Any]:
    return (
        summary(plugin)
        | _source(plugin)
        | {"traceback": plugin.traceback, "descriptors": list(map(described, plugin.descriptors))}
    )


def _source(plugin: Plugin) -> dict[str, Any]:
    """Where its distribution came from, the hash that a run writes down of its code, and its files by RECORD."""
    from importlib import metadata

    from marl.registry.code import package_hash
    from marl.registry.origin import files, origin

    code = " ".join(package_hash(plugin)) if plugin.state == "ok" else ""
    try:
        distribution = metadata.distribution(plugin.distribution) if not plugin.place else None
    except (metadata.PackageNotFoundError, ValueError):
        distribution = None
    if distribution is None:
        where = f"not installed: read from {plugin.place}" if plugin.place else ""
        return {"origin": where, "code": code, "files": _as_they_are(plugin)}
    came = origin(distribution)
    if came.editable:
        return {"origin": str(came), "code": code, "files": _as_they_are(plugin)}
    rows = [asdict(file) | {"changed": file.changed} for file in files(distribution)]
    return {"origin": str(came), "code": code, "files": rows}


def _as_they_are(plugin: Plugin) -> list[dict[str, Any]]:
    """The files of a plugin that no installer has hashed."""
    from marl.registry.code import package_files
    from marl.registry.origin import sha256

    found = package_files(plugin)
    root = found[0].parent.parent if found and found[0].name == "__init__.py" else None
    names = [str(path.relative_to(root)) if root else path.name for path in found]
    return [
        {"path": name, "sha256": "", "now": sha256(path), "changed": False}
        for name, path in zip(names, found, strict=True)
    ]


def _print_details(plugin: Plugin, files: bool) -> None:
    source = _source(plugin)
    lines = {
        "plugin": plugin.name,
        "state": plugin.state,
        "distribution": plugin.origin,
        "origin": source["origin"],
        "file": plugin.file,
        "code": source["code"],
        "files": _in_short(source["files"]),
        "hook API": plugin.api,
        "error": plugin.error,
    }
    for label, value in lines.items():
        if value:
            print(f"{label:<14}{printable(value)}")
    for note in remarks(plugin):
        print(f"{'note':<14}{printable(note)}")
    for kind in dict.fromkeys(descriptor.kind for descriptor in plugin.descriptors):
        print(f"\n{kind}")
        mine = [descriptor for descriptor in plugin.descriptors if descriptor.kind == kind]
        table(["", "", ""], [[f"  {item.full_name}", item.summary, item.source] for item in mine])
    if files and source["files"]:
        print("\nfiles")
        marks = {True: "changed since", False: ""}
        table(
            ["", "", ""],
            [[f"  {one['sha256'] or one['now']}", one["path"], marks[one["changed"]]] for one in source["files"]],
        )
    if plugin.traceback:
        print(f"\n{printable(plugin.traceback, lines=True)}", end="")


def _in_short(rows: list[dict[str, Any]]) -> str:
    """How many files, and whether they are what was installed."""
    if not rows:
        return ""
    if not any(row["sha256"] for row in rows):
        return f"{len(rows)} (--files: SHA-256 of each)"
    other = [row["path"] for row in rows if row["changed"]]
    said = f"{len(rows)}, as they were installed" if not other else f"{len(rows)}, of which {len(other)} changed since:"
    return f"{said} {', '.join(other[:5])}{' ...' if len(other) > 5 else ''}".strip() + " (--files: SHA-256 of each)"
