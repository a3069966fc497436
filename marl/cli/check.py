"""What `marl plugins check` does to a plugin."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from marl.errors import UserError
from marl.registry import Descriptor, Plugin, Registry
from marl.registry.descriptor import singular

Status: TypeAlias = Literal["pass", "warn", "fail", "skip"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check. `subject`: the plugin, or a descriptor's full name. `hint`: how to mend it."""

    plugin: str
    subject: str
    check: str
    status: Status
    message: str = ""
    hint: str = ""
    traceback: str = ""


def check_plugin(registry: Registry, plugin: Plugin) -> Iterator[Finding]:
    """Check a plugin's state, its remarks, and each thing that it describes."""
    if plugin.state != "ok":
        status: Status = "skip" if plugin.state == "disabled" else "fail"
        message = f"{plugin.state}: {plugin.error}"
        yield Finding(plugin.name, plugin.name, "loads", status, message, traceback=plugin.traceback)
        return
    yield Finding(plugin.name, plugin.name, "loads", "pass")
    if not plugin.api:
        hint = "add MARL_API = '>=1,<2' to the plugin's module"
        yield Finding(plugin.name, plugin.name, "hook API", "warn", "it declares no hook API range", hint)
    for note in plugin.notes:
        yield Finding(plugin.name, plugin.name, "hooks", "warn", note)
    for descriptor in plugin.descriptors:
        yield from _check(registry, plugin, descriptor)


def _check(registry: Registry, plugin: Plugin, descriptor: Descriptor) -> Iterator[Finding]:
    subject = f"{descriptor.full_name} ({singular(descriptor.kind)})"
    try:
        target = registry.load(descriptor)
        if not callable(target):
            raise UserError(f"its target {descriptor.target} is {target!r:.60}, which cannot be called")
    except UserError as error:
        trace = plugin.failures.get(descriptor.target, "")
        yield Finding(plugin.name, subject, "target", "fail", str(error), traceback=trace)
        return
    yield Finding(plugin.name, subject, "target", "pass")
    try:
        needed = _check_params(registry, descriptor)
    except UserError as error:
        trace = plugin.failures.get(str(descriptor.params), "")
        yield Finding(plugin.name, subject, "parameters", "fail", str(error), traceback=trace)
        return
    yield Finding(plugin.name, subject, "parameters", "pass")
    if descriptor.kind != "environments":
        return
    if needed:
        message = f"it cannot be made by defaults alone: it needs {', '.join(needed)}"
        hint = "run marl.testing.check_environment in the plugin's own tests"
        yield Finding(plugin.name, subject, "conformance", "skip", message, hint)
    else:
        yield from _conformance(registry, plugin, descriptor, subject)


def _check_params(registry: Registry, descriptor: Descriptor) -> list[str]:
    """Check that the defaults fit their own types, and return the parameters that have none."""
    schema = registry.schema(descriptor)
    if schema is None:
        return []
    fields = [field for field in dataclasses.fields(schema) if field.init]
    missing = dataclasses.MISSING
    needed = [field.name for field in fields if field.default is missing and field.default_factory is missing]
    if not needed:
        params = registry.validate(descriptor.kind, descriptor.full_name, {})
        registry.validate(descriptor.kind, descriptor.full_name, params)
    return needed


def _conformance(registry: Registry, plugin: Plugin, descriptor: Descriptor, subject: str) -> Iterator[Finding]:
    from marl.testing import check_environment

    def make(lanes: int) -> Any:
        return registry.make("environments", descriptor.full_name, {}, lanes=lanes)

    try:
        report = check_environment(make, chance=True if "chance" in descriptor.tags else None)
    except Exception as error:
        message = f"the checks could not run: {type(error).__name__}: {error}"
        yield Finding(plugin.name, subject, "conformance", "fail", message, traceback=traceback.format_exc())
        return
    for result in report.results:
        again = f"To see it again: check_environment(..., seed={result.seed}, only=[{result.check!r}])"
        hint = f"{result.hint} {again}".strip() if result.status in ("fail", "warn") else ""
        yield Finding(plugin.name, subject, result.check, result.status, result.message, hint)
