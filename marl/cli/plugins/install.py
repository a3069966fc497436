"""`marl plugins install`, `upgrade` and `remove`: pip or uv, asked first what would change."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from marl.cli.command import argument, option
from marl.cli.plugins.after import show_brought
from marl.cli.plugins.needs import broken_by, dependents
from marl.cli.plugins.switch import found
from marl.cli.plugins.tool import Change, Tool, tool
from marl.cli.show import table
from marl.errors import UserError, suggestion
from marl.printable import printable
from marl.registry.local import is_checkout
from marl.registry.origin import origin
from marl.registry.plugin import DISTRIBUTION, Plugin

_DRY = option(False, "--dry-run", help="Only say what would change.")


def install(
    what: str = argument(metavar="WHAT", help="A package's name, a checkout's folder, a wheel, or git+https://..."),
    editable: bool = option(False, "--editable", "-e", help="What stands in the folder runs, and changes as it does."),
    dry_run: bool = _DRY,
) -> None:
    """Install a plugin into this environment.

    It uses pip, or uv where that made the environment, with their own settings (PIP_INDEX_URL, UV_OFFLINE, ...). What
    would break another distribution here is refused. Plugins run with your rights: install those that you trust.
    """
    target = _target(what)
    if editable and not (is_checkout(target) or _is_old_checkout(target)):
        raise UserError(f"{what!r} is no folder with a pyproject.toml: only those can be editable")
    _install(tool(), ["--editable", target] if editable else [target], what, dry_run)


def upgrade(
    name: str = argument(help="The plugin's name, or its distribution's."),
    dry_run: bool = _DRY,
) -> None:
    """Install the newest version of a plugin.

    One from a repository or a folder is taken from there again, all others from the package index.
    """
    distribution = _distribution(name)
    came = origin(distribution)
    if came.editable:
        raise UserError(f"{distribution.name} is {came}: it is as new as they are")
    if came.folder and not Path(came.folder).exists():
        raise UserError(
            f"{distribution.name} was installed from {came.folder}, which is gone: install it from elsewhere"
        )
    _install(tool(), ["--upgrade", came.again or distribution.name], name, dry_run)


def remove(name: str = argument(help="The plugin's name, or its distribution's.")) -> None:
    """Uninstall a plugin, without importing it.

    All plugins of its distribution go. What it brought with it (other distributions) stays.
    """
    distribution = _distribution(name)
    if others := dependents(distribution.name):
        raise UserError(f"{distribution.name} is needed by {', '.join(others)}: remove {_them(others)} first")
    gone = [plugin.name for plugin in found() if _same(plugin.distribution, distribution.name)]
    shown = f"{distribution.name} {distribution.version}"
    tool().remove(distribution.name)
    print(f"{shown} is removed, and with it the plugin{'s' if len(gone) > 1 else ''} {', '.join(gone)}")


def _install(by: Tool, arguments: Sequence[str], what: str, dry_run: bool) -> None:
    print(f"asking {by.name} what would change in {sys.prefix} ...", file=sys.stderr)
    changes = by.plan(arguments)
    if not changes:
        print(f"nothing changes: {what} is here already")
        return
    rows = [[change.name, change.new, _before(change)] for change in changes]
    table(["", "", ""], [[f"  {name}", new, before] for name, new, before in rows])
    if sentences := broken_by(changes):
        raise UserError("not installed, since it would break what is here: " + "; ".join(map(printable, sentences)))
    if dry_run:
        print("Nothing has changed: this was a dry run.")
        return
    before = {(plugin.name, plugin.version) for plugin in found()}
    by.install(arguments, changes)
    show_brought(changes, before)


def _before(change: Change) -> str:
    if not change.old:
        return "new"
    return "again" if change.old == change.new else f"instead of {change.old}"


def _target(what: str) -> str:
    """What the tool is given. Raises UserError for what cannot be installed."""
    path = Path(what).expanduser()
    if what.startswith("-"):
        raise UserError(f"{what!r} is an option, and not what to install")
    if path.suffix == ".py" and path.is_file():
        raise UserError(
            f"{what} is a single file, which need not be installed: `marl --plugin-dir {what} plugins list`"
        )
    if path.is_dir():
        if not is_checkout(str(path)) and not _is_old_checkout(str(path)):
            raise UserError(f"{what} is a folder without a pyproject.toml: `marl plugins new` writes a distribution")
        return str(path.absolute())
    if path.exists():
        return str(path.absolute())
    if what.startswith((".", "/", "~")) or (what.endswith((".whl", ".tar.gz", ".zip")) and "://" not in what):
        raise UserError(f"there is no {what}")
    if what.startswith(("https://", "ssh://", "git://")) and what.partition("@")[0].endswith(".git"):
        return f"git+{what}"
    return what


def _is_old_checkout(path: str) -> bool:
    return (Path(path) / "setup.py").is_file()


def _distribution(name: str) -> metadata.Distribution:
    """The installed distribution of a plugin, or of that name; nothing is imported. Raises UserError for none."""
    plugins = found()
    named = [one for one in plugins if one.name == name and not one.place]
    named += [one for one in plugins if _same(one.distribution, name) and not one.place]
    if not named:
        raise UserError(_absent(name, plugins))
    owner = named[0].distribution
    if _same(owner, DISTRIBUTION):
        raise UserError(f"{name!r} comes with marl itself ({owner}), which is installed and removed as marl is")
    try:
        return metadata.distribution(owner)
    except metadata.PackageNotFoundError:
        raise UserError(f"the distribution of {name!r} has no name that can be read ({named[0].origin})") from None


def _absent(name: str, plugins: Sequence[Plugin]) -> str:
    if local := [plugin for plugin in plugins if name in (plugin.name, plugin.distribution)]:
        return f"{name!r} is not installed: it is read from {local[0].place}, which MARL_PLUGIN_DIR names"
    return f"no plugin {name!r} is installed{suggestion(name, (plugin.name for plugin in plugins))}"


def _same(one: str, other: str) -> bool:
    return canonicalize_name(one) == canonicalize_name(other)


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"
