"""What the host knows of a plugin: a broken plugin is a value, not an exception."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from marl.registry.descriptor import Descriptor

State: TypeAlias = Literal["ok", "disabled", "incompatible", "broken"]
BUILTIN = "marl"
DISTRIBUTION = "marl-league"
PLUGIN_DIR = "MARL_PLUGIN_DIR"  # where plugins are looked for that are not installed


@dataclass
class Plugin:
    """A plugin in one of four states.

    `ok`: its descriptors are registered. `disabled`: switched off, not imported. `incompatible`: made for another
    hook API. `broken`: it contributes nothing. `error` is a sentence, `traceback` what Python said; `api` the range it
    declares (`MARL_API`); `notes` are remarks that do not stop it. `failures` maps lazy targets that could not be
    imported in this process to their tracebacks. `place`: the folder or file named by MARL_PLUGIN_DIR that it was found
    in, "" for one that is installed.
    """

    name: str
    distribution: str
    version: str
    value: str
    state: State = "ok"
    file: str = ""
    error: str = ""
    traceback: str = ""
    api: str = ""
    descriptors: tuple[Descriptor, ...] = ()
    notes: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    place: str = ""
    module: Any = field(default=None, repr=False, compare=False)

    @property
    def origin(self) -> str:
        """`distribution version`, as people name it."""
        return f"{self.distribution} {self.version}".strip()

    def fail(self, state: State, error: str, traceback: str = "") -> None:
        """Take the plugin out: from now on it contributes nothing."""
        self.state, self.error, self.traceback, self.descriptors = state, error, traceback, ()
