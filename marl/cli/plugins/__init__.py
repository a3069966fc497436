"""`marl plugins`: find, install, check and write plugins. A command's module is imported when it is used."""

from __future__ import annotations

from marl.cli.command import Commands
from marl.cli.merge import own
from marl.registry import Descriptor

_HERE = "marl.cli.plugins"
OWN = (
    Descriptor("list", f"{_HERE}.listing:list_plugins", "List all plugins with their states, or what they bring."),
    Descriptor("search", f"{_HERE}.search:search", "Search what is installed, and the plugins that marl knows of."),
    Descriptor(
        "info",
        f"{_HERE}.info:info",
        "Show a plugin: where it comes from, what it brings, and the traceback if it is broken.",
    ),
    Descriptor("new", f"{_HERE}.new:new", "Write a new plugin: a whole distribution, with an example that works."),
    Descriptor("install", f"{_HERE}.install:install", "Install a plugin into this environment."),
    Descriptor("upgrade", f"{_HERE}.install:upgrade", "Install the newest version of a plugin."),
    Descriptor("remove", f"{_HERE}.install:remove", "Uninstall a plugin, without importing it."),
    Descriptor("enable", f"{_HERE}.switch:enable", "Switch a plugin on again."),
    Descriptor("disable", f"{_HERE}.switch:disable", "Switch a plugin off until it is enabled again."),
    Descriptor(
        "check",
        f"{_HERE}.checking:check",
        "Check plugins: import everything, check parameters, play environments through their conformance checks.",
    ),
    Descriptor(
        "doctor", f"{_HERE}.doctor:doctor", "Say what is wrong with plugins, why, and the command that mends it."
    ),
)

app = Commands("Plugins: find, install, check and write them.", commands=own(OWN))
