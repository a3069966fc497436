"""`marl plugins`: what is installed, in which state, and whether it works."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, replace
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from marl.cli.command import Commands, argument, option
from marl.cli.show import as_json, table
from marl.errors import RunError, UserError, suggestion
from marl.printable import printable
from marl.registry import ENVIRONMENTS, Descriptor, Plugin, Registry, load_registry
from marl.registry.descriptor import singular

if TYPE_CHECKING:
    from collections.abc import Mapping

    from marl.cli.check import Finding, Status

app = Commands("Plugins: list, info, check, enable, disable.")
_JSON = option(False, "--json", help="Print JSON.")
_NAME = argument(help="The plugin's name.")


@app.command("list")
def list_plugins(json: bool = _JSON) -> None:
    """List all plugins that are installed, with their states."""
    registry = load_registry()
    if json:
        as_json([_summary(plugin) for plugin in registry.plugins])
        return
    rows = [
        [plugin.name, plugin.state, plugin.origin, plugin.error or _counted(plugin.descriptors)]
        for plugin in registry.plugins
    ]
    table(["plugin", "state", "distribution", ""], rows)
    _remark(registry, registry.plugins)


@app.command()
def info(
    name: str = argument(help="The plugin's name, or PLUGIN/NAME for one thing that it brings."),
    json: bool = _JSON,
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
        _print_details(plugin)


@app.command()
def check(
    name: str = argument(None, help="The plugin's name, or PLUGIN/NAME for one thing; all plugins without it."),
    params: list[str] = argument(None, metavar="[KEY=VALUE]...", help="Parameters for PLUGIN/NAME."),
    json: bool = _JSON,
    strict: bool = option(False, "--strict", help="Exit with 1 on a warning too."),
) -> None:
    """Check plugins: import everything, check parameters, and play the environments through their conformance checks.

    Exits with 1 when a check fails; with --strict on a warning too.
    """
    from marl.cli.check import check_plugin

    registry = load_registry()
    plugin_name, _, thing = (name or "").partition("/")
    given = _given(registry, name, params or []) if thing else {}
    if params and not thing:
        raise UserError(f"{params[0]!r}: parameters are for one thing, so name it: marl plugins check PLUGIN/NAME")
    if name:
        registry.plugin(plugin_name)
    chosen = [plugin for plugin in registry.plugins if plugin_name in ("", plugin.name)]
    findings: list[Finding] = []
    running = chain.from_iterable(check_plugin(registry, plugin, thing, given) for plugin in chosen)
    for subject, found in groupby(running, key=lambda finding: finding.subject):
        group = list(found)
        findings += group
        if not json:
            _print_findings(subject, group)
    counts = Counter(finding.status for finding in findings)
    if json:
        as_json([asdict(finding) for finding in findings])
    else:
        print(f"{len(findings)} checks of {', '.join(plugin.name for plugin in chosen)}: {_verdict(counts)}")
    sys.exit(1 if counts["fail"] or (strict and counts["warn"]) else 0)


@app.command()
def enable(name: str = _NAME) -> None:
    """Switch a plugin on again."""
    from marl.registry.settings import read_disabled, write_disabled

    disabled = read_disabled()
    if name not in disabled:
        load_registry().plugin(name)
        print(f"{name} is not disabled")
        return
    print(f"{name} is enabled again (in {write_disabled(disabled - {name})})")


@app.command()
def disable(name: str = _NAME) -> None:
    """Switch a plugin off until it is enabled again."""
    from marl.registry.plugin import BUILTIN
    from marl.registry.settings import read_disabled, write_disabled

    load_registry().plugin(name)
    if name == BUILTIN:
        raise UserError(f"{name!r} is the core's own plugin and cannot be disabled")
    print(f"{name} is disabled (in {write_disabled(read_disabled() | {name})})")


def _info_of_one(registry: Registry, name: str, json: bool) -> None:
    from marl.cli.parameters import parameters

    known = [descriptor for kind in registry.kinds for descriptor in registry.all(kind)]
    found = [descriptor for descriptor in known if descriptor.full_name == name]
    if not found:
        raise UserError(f"no plugin brings {name!r}{suggestion(name, (one.full_name for one in known))}")
    taken = [parameters(schema) if (schema := registry.schema(one)) else [] for one in found]
    if json:
        as_json(
            [_described(one) | {"parameters": list(map(asdict, has))} for one, has in zip(found, taken, strict=True)]
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
    sides = [" + ".join(spec.agents[agent] for agent in side) for side in spec.sides]
    facts = {"sides": "; ".join(sides), "play": f"{spec.dynamics}, {spec.max_length} ticks at most"}
    for group in spec.groups:
        facts[f"{group.name} see"], facts[f"{group.name} do"] = str(group.observation), str(group.action)
    facts["state"] = "" if spec.state is None else str(spec.state)
    if spec.tasks is not None:
        facts["tasks"] = ", ".join(spec.tasks.name(task) for task in range(min(len(spec.tasks), 20)))
        facts["tasks"] += f", ... ({len(spec.tasks)})" if len(spec.tasks) > 20 else ""
    facts["info"] = "; ".join(f"{name}: {meaning}" for name, meaning in spec.info.items())
    table(["by its defaults", ""], [[label, text] for label, text in facts.items() if text])


def _given(registry: Registry, name: str, params: list[str]) -> dict[str, Any]:
    """Parameters from the command line, for things of that name. Raises UserError where there is none."""
    from marl.scenario.overrides import assign, split

    known = {descriptor.full_name: descriptor for kind in registry.kinds for descriptor in registry.all(kind)}
    if name not in known:
        raise UserError(f"no plugin brings {name!r}{suggestion(name, known)}")
    given: dict[str, Any] = {}
    for text in params:
        path, value = split(text)
        assign(given, path, value, registry.schema(known[name]), registry)
    return given


def _verdict(counts: Mapping[Status, int]) -> str:
    """As in "2 failed, 1 warning, 3 skipped"."""
    failed, warned, skipped = (counts.get(status, 0) for status in ("fail", "warn", "skip"))
    parts = [f"{failed} failed"]
    parts += [f"{warned} warning{'s' if warned > 1 else ''}"] if warned else []
    return ", ".join([*parts, *([f"{skipped} skipped"] if skipped else [])])


def _counted(descriptors: tuple[Descriptor, ...]) -> str:
    counts = Counter(descriptor.kind for descriptor in descriptors)
    return ", ".join(f"{count} {singular(kind) if count == 1 else kind}" for kind, count in counts.items())


def _summary(plugin: Plugin) -> dict[str, Any]:
    fields = ("name", "state", "distribution", "version", "file", "api", "error", "notes")
    return {field: getattr(plugin, field) for field in fields} | {
        "provides": [f"{descriptor.kind}: {descriptor.full_name}" for descriptor in plugin.descriptors]
    }


def _details(plugin: Plugin) -> dict[str, Any]:
    return _summary(plugin) | {"traceback": plugin.traceback, "descriptors": list(map(_described, plugin.descriptors))}


def _described(descriptor: Descriptor) -> dict[str, Any]:
    return asdict(descriptor) | {"params": _params(descriptor), "full_name": descriptor.full_name}


def _params(descriptor: Descriptor) -> str | None:
    params = descriptor.params
    return f"{params.__module__}:{params.__qualname__}" if isinstance(params, type) else params


def _print_details(plugin: Plugin) -> None:
    lines = {
        "plugin": plugin.name,
        "state": plugin.state,
        "distribution": plugin.origin,
        "file": plugin.file,
        "hook API": plugin.api,
        "error": plugin.error,
    }
    for label, value in lines.items():
        if value:
            print(f"{label:<14}{printable(value)}")
    for note in plugin.notes:
        print(f"{'note':<14}{printable(note)}")
    for kind in dict.fromkeys(descriptor.kind for descriptor in plugin.descriptors):
        print(f"\n{kind}")
        mine = [descriptor for descriptor in plugin.descriptors if descriptor.kind == kind]
        table(["", "", ""], [[f"  {item.full_name}", item.summary, item.source] for item in mine])
    if plugin.traceback:
        print(f"\n{printable(plugin.traceback, lines=True)}", end="")


def _print_findings(subject: str, findings: list[Finding]) -> None:
    """One line for what passed, and all about what did not."""
    from rich.console import Console

    from marl.cli.show import COLOURS

    console = Console(highlight=False, soft_wrap=True, markup=False)
    worst = next(status for status in ("fail", "warn", "pass", "skip") if status in {f.status for f in findings})
    counts = Counter(finding.status for finding in findings)
    console.print(f"{worst:<6}", style=COLOURS[worst], end="")
    console.print(f"{printable(subject)}: {', '.join(f'{count} {status}' for status, count in counts.items())}")
    for finding in _together(findings):
        if finding.status != "pass" and finding.message:
            console.print(f"      {finding.status:<6}", style=COLOURS[finding.status], end="")
            console.print(f"{finding.check}: {printable(finding.message, lines=True)}")
            if finding.hint:
                console.print(f"            {printable(finding.hint, lines=True)}")
        if finding.traceback:
            console.print(printable(finding.traceback, lines=True), end="")


def _together(findings: list[Finding]) -> list[Finding]:
    """The same, where those that were skipped for one reason are one, named after all of them."""
    reasons: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.status == "skip":
            reasons.setdefault(finding.message, []).append(finding)
    first = {id(found[0]): ", ".join(one.check for one in found) for found in reasons.values()}
    shown = [one for one in findings if one.status != "skip" or id(one) in first]
    return [replace(one, check=first.get(id(one), one.check)) for one in shown]


def _remark(registry: Registry, plugins: tuple[Plugin, ...]) -> None:
    notes = [*registry.notes, *(f"{plugin.name} {note}" for plugin in plugins for note in plugin.notes)]
    for note in notes:
        print(f"note: {printable(note)}", file=sys.stderr)
