"""What `marl plugins check` does to a plugin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from marl.errors import UserError
from marl.registry import Descriptor, Plugin, Registry

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
    subject = f"{descriptor.full_name} ({descriptor.kind})"
    try:
        target = registry.load(descriptor)
        if not callable(target):
            raise UserError(f"its target {descriptor.target} is {target!r:.60}, which cannot be called")
        yield Finding(plugin.name, subject, "target", "pass")
        registry.schema(descriptor)
        yield Finding(plugin.name, subject, "parameters", "pass")
    except UserError as error:
        traceback = "".join(plugin.failures.get(t, "") for t in (descriptor.target, str(descriptor.params)))
        yield Finding(plugin.name, subject, "target", "fail", str(error), traceback=traceback)
        return
    if descriptor.kind == "environments":
        yield from _conformance(registry, plugin, descriptor, subject)


def _conformance(registry: Registry, plugin: Plugin, descriptor: Descriptor, subject: str) -> Iterator[Finding]:
    try:
        registry.validate(descriptor.kind, descriptor.full_name, {})
    except UserError as error:
        yield Finding(plugin.name, subject, "conformance", "skip", f"it cannot be made without parameters: {error}")
        return
