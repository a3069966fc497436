"""Which plugins the user wants: environment variables, and a small file that `marl plugins disable` writes.

Read on every start, so without pathlib and json where there is no such file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from marl.errors import UserError
from marl.registry.plugin import BUILTIN, DISTRIBUTION, PLUGIN_DIR, Plugin

SAFE_MODE = "MARL_SAFE_MODE"


@dataclass(frozen=True)
class Settings:
    """`only`: MARL_PLUGINS, or None for all. `off`: MARL_DISABLE. `file_off`: disabled for good.
    `places`: MARL_PLUGIN_DIR."""

    only: frozenset[str] | None
    off: frozenset[str]
    file_off: frozenset[str]
    safe_mode: bool
    notes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    def reason_against(self, plugin: Plugin) -> str:
        """Why `plugin` is switched off, or `""`. The built-in plugin `marl` never is."""
        if plugin.name == BUILTIN and plugin.value == "marl.builtin":
            return ""
        if self.safe_mode and (plugin.place or plugin.distribution != DISTRIBUTION):
            return "safe mode loads built-in plugins only"
        if plugin.name in self.off:
            return f"MARL_DISABLE names {plugin.name!r}"
        if self.only is not None and plugin.name not in self.only:
            return f"MARL_PLUGINS does not name {plugin.name!r}"
        if plugin.name in self.file_off:
            return f"it was disabled (in {config_file()}): `marl plugins enable {plugin.name}` switches it on again"
        return ""

    def unknown(self, known: Iterable[str]) -> list[str]:
        """A remark for every name that no installed plugin has."""
        names = set(known)
        parts = (("MARL_PLUGINS", self.only or frozenset()), ("MARL_DISABLE", self.off))
        return [
            f"{where} names {name!r}, which is not installed" for where, part in parts for name in sorted(part - names)
        ]


def read_settings(safe_mode: bool = False) -> Settings:
    """The settings of this process."""
    only = os.environ.get("MARL_PLUGINS")
    notes: tuple[str, ...] = ()
    try:
        file_off = read_disabled()
    except UserError as error:
        file_off, notes = frozenset(), (str(error),)
    here: tuple[str, ...] = ()
    if wanted := os.environ.get(PLUGIN_DIR):
        from marl.registry.local import places

        here, remarks = places(wanted)
        notes = (*notes, *remarks)
    return Settings(
        None if only is None else _names(only),
        _names(os.environ.get("MARL_DISABLE", "")),
        file_off,
        safe_mode or os.environ.get(SAFE_MODE, "") not in ("", "0"),
        notes,
        here,
    )


def config_file() -> str:
    """Where the disabled plugins are kept: `MARL_CONFIG`, or `marl/config.json` in the user's configuration folder."""
    if path := os.environ.get("MARL_CONFIG"):
        return path
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(folder, "marl", "config.json")


def read_disabled() -> frozenset[str]:
    """The names in the file. Raises UserError when it is damaged."""
    path = config_file()
    try:
        with open(path, encoding="utf-8") as file:
            content = _parsed(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}): mend it or delete it") from None
    names = content.get("disabled", []) if isinstance(content, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f'{path} is not of the form {{"disabled": ["name", ...]}}: mend it or delete it')
    return frozenset(names)


def write_disabled(names: Iterable[str]) -> str:
    """Keep these names, whole or not at all."""
    import json
    from pathlib import Path

    path = Path(config_file())
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(json.dumps({"disabled": sorted(names)}) + "\n", encoding="utf-8")
    fresh.replace(path)
    return str(path)


def _parsed(text: str) -> object:
    import json

    return json.loads(text)


def _names(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())
