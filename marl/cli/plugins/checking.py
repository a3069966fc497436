"""`marl plugins check`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import asdict, replace
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from marl.cli.command import argument, option
from marl.cli.show import as_json
from marl.errors import UserError, suggestion
from marl.printable import printable
from marl.registry import Plugin, Registry, load_registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from marl.cli.check import Finding, Status


def check(
    name: str = argument(
        None,
        metavar="[NAME]",
        help="The plugin's name; PLUGIN/NAME for one thing; the path of a file or a checkout that is not installed; "
        "all plugins without it.",
    ),
    params: list[str] = argument(None, metavar="[KEY=VALUE]...", help="Parameters for PLUGIN/NAME."),
    json: bool = option(False, "--json", help="Print JSON."),
    strict: bool = option(False, "--strict", help="Exit with 1 on a warning too."),
    quick: bool = option(False, "--quick", help="Algorithms train once only, and nothing is repeated."),
) -> None:
    """Check plugins: import everything, check parameters, play environments through their conformance checks.

    Exits with 1 when a check fails; with --strict on a warning too.
    """
    from marl.cli.check import check_plugin

    chosen, thing, given = _chosen(name or "", params or [])
    registry = load_registry()
    findings: list[Finding] = []
    running = chain.from_iterable(check_plugin(registry, plugin, thing, given, quick=quick) for plugin in chosen)
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


def _chosen(name: str, params: list[str]) -> tuple[list[Plugin], str, dict[str, Any]]:
    """The plugins to check, the one thing of them ("": all), and the parameters that it is given."""
    if _is_path(name):
        if params:
            raise UserError(
                f"{params[0]!r}: parameters are for one thing: marl --plugin-dir {name} plugins check PLUGIN/NAME"
            )
        return _at(name), "", {}
    registry = load_registry()
    plugin_name, _, thing = name.partition("/")
    given = _given(registry, name, params) if thing else {}
    if params and not thing:
        raise UserError(f"{params[0]!r}: parameters are for one thing, so name it: marl plugins check PLUGIN/NAME")
    if name:
        registry.plugin(plugin_name)
    return [plugin for plugin in registry.plugins if plugin_name in ("", plugin.name)], thing, given


def _is_path(name: str) -> bool:
    """Whether it names a place and no plugin: it looks like one, or a checkout lies there."""
    from marl.registry.local import is_checkout

    return name.startswith((".", "/", "~")) or name.endswith((".py", os.sep)) or (bool(name) and is_checkout(name))


def _at(path: str) -> list[Plugin]:
    """The plugins in a file, the files of a folder, or a checkout, which need not be installed."""
    from marl.registry.local import place, use

    use(path)
    found = [plugin for plugin in load_registry().plugins if plugin.place == place(path)]
    if not found:
        raise UserError(f"{path} holds no plugin: no file in it has a function that is marked with @hookimpl")
    return found


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
