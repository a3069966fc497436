"""`marl plugins enable` and `disable`: no plugin is imported, so that one which stops marl can be switched off."""

from __future__ import annotations

from marl.cli.command import argument
from marl.errors import UserError
from marl.registry.discover import discover
from marl.registry.plugin import BUILTIN, Plugin
from marl.registry.registry import named
from marl.registry.settings import config_file, read_disabled, read_settings, write_disabled

_NAME = argument(help="The plugin's name.")


def enable(name: str = _NAME) -> None:
    """Switch a plugin on again.

    Nothing is imported. The names of those that are off are kept in config.json, in the folder `marl` of your
    configuration (~/.config, or XDG_CONFIG_HOME), or in the file that MARL_CONFIG names.
    """
    disabled = read_disabled()
    if name not in disabled:
        named(found(), name)
        print(f"{name} is not disabled (in {config_file()})")
        return
    print(f"{name} is enabled again (in {write_disabled(disabled - {name})})")


def disable(name: str = _NAME) -> None:
    """Switch a plugin off until it is enabled again.

    Nothing is imported. The names of those that are off are kept in config.json, in the folder `marl` of your
    configuration (~/.config, or XDG_CONFIG_HOME), or in the file that MARL_CONFIG names.
    """
    named(found(), name)
    if name == BUILTIN:
        raise UserError(f"{name!r} is the core's own plugin and cannot be disabled")
    print(f"{name} is disabled (in {write_disabled(read_disabled() | {name})}): `marl plugins enable {name}` undoes it")


def found() -> list[Plugin]:
    """All plugins that there are; none of them is imported."""
    return discover(read_settings().places)
