"""Loading plugins: every one is imported and asked on its own, so that none can take the host down."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import re
import traceback
from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import islice
from types import ModuleType
from typing import Any

import pluggy

from marl.deprecation import Leaving, deprecated, leaves
from marl.errors import suggestion
from marl.registry import kind, specs
from marl.registry.descriptor import Descriptor
from marl.registry.discover import discover
from marl.registry.guard import Guard, did, limit, reason
from marl.registry.kind import Kind
from marl.registry.markers import API_VERSION
from marl.registry.plugin import Plugin
from marl.registry.registry import Registry
from marl.registry.settings import Settings, read_settings

_RANGE = re.compile(r">=(?P<least>\d+), ?<(?P<below>\d+)\Z")
_MOST = 5_000  # descriptors of one hook
_loaded: dict[Settings, Registry] = {}


def load_registry(*, safe_mode: bool = False) -> Registry:
    """The registry of this process: all plugins that are installed and wanted. Loaded once for given settings.

    `safe_mode` (or the environment variable MARL_SAFE_MODE) leaves out every plugin that is not built in.
    """
    settings = read_settings(safe_mode)
    if settings not in _loaded:
        _loaded[settings] = build(discover(settings.places), settings)
    return _loaded[settings]


def build(plugins: list[Plugin], settings: Settings) -> Registry:
    """Import and register `plugins`; whatever happens to one is kept in its state."""
    host, guard = _Host(), Guard()
    for plugin in plugins:
        if plugin.state == "ok" and (reason := settings.reason_against(plugin)):
            plugin.fail("disabled", reason)
    with guard.on_duty():
        for step in (host.import_module, host.add_hooks):
            for plugin in plugins:
                with _contained(plugin, guard):
                    step(plugin)
        # Those that bring hooks go first: if one of them breaks, its hooks are gone before anybody uses them.
        for plugin in sorted(plugins, key=lambda p: p.name not in host.owners.values()):
            with _contained(plugin, guard):
                host.register(plugin)
    notes = [*settings.notes, *settings.unknown(plugin.name for plugin in plugins)]
    return Registry(tuple(plugins), host.tokens, tuple(notes))


class _Broken(Exception):
    """A sentence about what is wrong with a plugin."""


@contextlib.contextmanager
def _contained(plugin: Plugin, guard: Guard) -> Iterator[None]:
    """Turn whatever a plugin raises into its state. What it prints goes to stderr: stdout may be read by a program."""
    if plugin.state != "ok":
        yield
        return
    try:
        with guard.watching(plugin.name, limit(), plugin.notes.append):
            yield
    except _Broken as error:
        cause = error.__cause__
        plugin.fail("broken", str(error), "".join(traceback.format_exception(cause)) if cause else "")
    except BaseException as error:
        plugin.fail("broken", did(error), traceback.format_exc())


class _Manager(pluggy.PluginManager):
    """pluggy's manager, which looks at what is no function only where it must: most of what a module has is none."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        """The options of a hook's implementation, or None."""
        return None if _no_function(plugin, name) else super().parse_hookimpl_opts(plugin, name)

    def parse_hookspec_opts(self, module_or_class: Any, name: str) -> Any:
        """The options of a hook's specification, or None."""
        return None if _no_function(module_or_class, name) else super().parse_hookspec_opts(module_or_class, name)


def _no_function(owner: object, name: str) -> bool:
    """Whether what a module has under a name is surely no function."""
    return isinstance(owner, ModuleType) and not inspect.isroutine(vars(owner).get(name))


class _Host:
    """The pluggy manager, and which kinds there are: `kinds` maps a kind to its hook, `owners` a hook to its plugin."""

    def __init__(self) -> None:
        self.manager = _Manager("marl")
        self.manager.add_hookspecs(specs)
        self.owners: dict[str, str] = {}
        self.kinds = {_kind(hook): hook for hook in self._marked(specs) if hook != "marl_addhooks"}
        self._tokens = _declared(kind)
        self._leaving = _leaving(specs)
        self._hooks: dict[int, dict[str, Any]] = {}

    @property
    def tokens(self) -> dict[str, Kind[Any]]:
        """The kinds by name, typed where they are declared beside their hooks."""
        return {name: self._tokens.get(name, Kind(name)) for name in self.kinds}

    def _marked(self, namespace: Any) -> list[str]:
        return [name for name in vars(namespace) if self.manager.parse_hookspec_opts(namespace, name) is not None]

    def import_module(self, plugin: Plugin) -> None:
        """Import the plugin's module and see whether it speaks this hook API."""
        if plugin.state != "ok":
            return
        module, _, attribute = plugin.value.partition(":")
        try:
            loaded: Any = importlib.import_module(module)
            plugin.module = reduce(getattr, attribute.split(".") if attribute else [], loaded)
        except BaseException as error:
            raise _Broken(f"cannot import {plugin.value!r}: {reason(error)}") from error
        plugin.file = getattr(loaded, "__file__", None) or plugin.file
        plugin.api = str(getattr(plugin.module, "MARL_API", ""))
        if plugin.api and not _supports(plugin.api):
            plugin.fail("incompatible", f"made for hook API {plugin.api}, and {_advice(plugin)}")

    def add_hooks(self, plugin: Plugin) -> None:
        """Let the plugin add hooks of its own, before anybody's hooks are registered."""
        if plugin.state != "ok" or "marl_addhooks" not in self.hooks_of(plugin):
            return
        recorder = _Recorder()
        plugin.module.marl_addhooks(recorder)
        for namespace in recorder.namespaces:
            names = self._marked(namespace)
            for hook in names:
                if _kind(hook) in self.kinds or not _kind(hook):
                    known = self.kinds.get(_kind(hook), "")
                    raise _Broken(
                        f"adds the hook {hook!r}, but {known or 'none'} brings the kind {_kind(hook)!r}: choose another"
                    )
            self.manager.add_hookspecs(namespace)
            self.owners.update(dict.fromkeys(names, plugin.name))
            self.kinds.update({_kind(hook): hook for hook in names})
            self._tokens |= _declared(namespace)
            self._leaving |= _leaving(namespace)

    def register(self, plugin: Plugin) -> None:
        """Take all descriptors of a plugin, or none."""
        if plugin.state != "ok":
            return
        try:
            hooks, found = self.hooks_of(plugin), []
            self._register(plugin)
            for kind, hook in self.kinds.items():
                if hook in hooks:
                    found += _described(plugin, kind, hook, hooks[hook])
            plugin.descriptors = tuple(found)
            plugin.notes += self._remarks(plugin, hooks)
        except BaseException:
            self._withdraw(plugin)
            raise

    def _register(self, plugin: Plugin) -> None:
        try:
            self.manager.register(plugin.module, plugin.name)  # checks the signatures
        except pluggy.PluginValidationError as error:
            raise _Broken(
                f"has a hook with a wrong signature: {' '.join(str(error).split())}; hooks take nothing"
            ) from error
        except ValueError as error:
            raise _Broken(
                f"its entry point is the module {plugin.value!r}, which is another plugin's: name its own"
            ) from error

    def hooks_of(self, plugin: Plugin) -> dict[str, Any]:
        """The functions of a plugin that are marked as hooks, by the hook's name."""
        if id(plugin) not in self._hooks:
            self._hooks[id(plugin)] = self._found(plugin)
        return self._hooks[id(plugin)]

    def _found(self, plugin: Plugin) -> dict[str, Any]:
        hooks = {}
        for name in dir(plugin.module):
            options = self.manager.parse_hookimpl_opts(plugin.module, name)
            if options is not None:
                hooks[options.get("specname") or name] = getattr(plugin.module, name)
        return hooks

    def _forgotten(self, plugin: Plugin, hooks: Iterable[str]) -> list[str]:
        """Functions that are called like a hook, and are not marked as one."""
        named = [name for name in dir(plugin.module) if name not in hooks and self._known(name)]
        return [name for name in named if inspect.isfunction(getattr(plugin.module, name))]

    def _remarks(self, plugin: Plugin, hooks: Iterable[str]) -> Iterator[str]:
        """What does not stop a plugin, and is hardly what its author wants."""
        forgotten = list(self._forgotten(plugin, hooks))
        yield from (self._unknown(hook) for hook in hooks if not self._known(hook))
        for hook in hooks:
            if gone := self._leaving.get(hook):
                yield deprecated(f"plugin {plugin.name!r}", f"the hook {hook}", use=gone.use, gone=gone.gone)
        for name in forgotten:
            yield f"defines {name} without @hookimpl above it, so it is not used: put `@hookimpl` above it"
        if not hooks and not forgotten:
            yield "brings nothing: it has no function that is marked with @hookimpl"

    def _known(self, hook: str) -> bool:
        return hook == "marl_addhooks" or hook in self.kinds.values()

    def _unknown(self, hook: str) -> str:
        close = suggestion(_kind(hook), self.kinds)
        if close.startswith("; did you mean"):
            meant = self.kinds[close.split("'")[1]]
            close = f"; did you mean {meant!r}?"
        else:
            close = ": a later version of marl, or another plugin, may have it"
        return f"implements the hook {hook!r}, which no loaded plugin has{close}"

    def _withdraw(self, plugin: Plugin) -> None:
        if self.manager.has_plugin(plugin.name):
            self.manager.unregister(name=plugin.name)
        gone = {hook for hook, owner in self.owners.items() if owner == plugin.name}
        self.kinds = {kind: hook for kind, hook in self.kinds.items() if hook not in gone}


class _Recorder:
    """Keeps what `marl_addhooks` adds until the plugin's part is over."""

    def __init__(self) -> None:
        self.namespaces: list[Any] = []

    def add_hookspecs(self, namespace: Any) -> None:
        self.namespaces.append(namespace)


def _described(plugin: Plugin, kind: str, hook: str, function: Any) -> list[Descriptor]:
    try:
        result = function()
        if not isinstance(result, (str, Descriptor)) and hasattr(result, "__iter__"):
            result = list(islice(result, _MOST + 1))  # a generator runs, and fails, only here
    except BaseException as error:
        raise _Broken(f"its hook {hook} {did(error)}") from error
    if not isinstance(result, list):
        raise _Broken(f"its hook {hook} returned {result!r:.80}, not a list of Descriptors")
    if len(result) > _MOST:
        raise _Broken(f"its hook {hook} describes more than {_MOST:,} things: describe one, with parameters")
    found: dict[str, Descriptor] = {}
    for item in result:
        if not isinstance(item, Descriptor):
            raise _Broken(f"its hook {hook} returned {item!r:.80} in its list, which is not a Descriptor")
        if item.name in found:
            raise _Broken(f"its hook {hook} has two descriptors with the name {item.name!r}")
        found[item.name] = dataclasses.replace(item, plugin=plugin.name, kind=kind)
    return list(found.values())


def _declared(namespace: Any) -> dict[str, Kind[Any]]:
    """The kinds that a module (or class) of hook specifications declares, by name."""
    return {token.name: token for token in vars(namespace).values() if isinstance(token, Kind)}


def _leaving(namespace: Any) -> dict[str, Leaving]:
    """What a module of hook specifications says of those that go, by name."""
    return {name: gone for name, found in vars(namespace).items() if (gone := leaves(_function(found)))}


def _function(found: Any) -> Any:
    return found.__func__ if isinstance(found, staticmethod) else found


def _kind(hook: str) -> str:
    return hook.partition("_")[2]


def _supports(api: str, version: int = API_VERSION) -> bool:
    if usual := _RANGE.match(api):  # packaging knows all ranges, and takes as long to import as all else here
        return int(usual["least"]) <= version < int(usual["below"])
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(api).contains(str(version))
    except InvalidSpecifier:
        raise _Broken(f"its MARL_API {api!r} is not a version range such as '>=2,<3'") from None


def _advice(plugin: Plugin) -> str:
    here = f"this marl has version {API_VERSION}"
    if not _supports_older(plugin.api):
        return f"{here}: downgrade {plugin.distribution}, or upgrade marl"
    mend = "see what changed in docs/hooks.md and raise its MARL_API"
    return f"{here}: upgrade {plugin.distribution}, or, if it is yours, {mend}"


def _supports_older(api: str) -> bool:
    return any(_supports(api, version) for version in range(API_VERSION))
