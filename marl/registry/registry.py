"""The registry: finds what plugins described, checks its parameters, and makes it."""

from __future__ import annotations

import dataclasses
import importlib
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import reduce
from itertools import chain
from typing import Any, TypeAlias, TypeVar, cast

from marl.errors import RunError, UserError, suggestion
from marl.registry.descriptor import Descriptor, singular
from marl.registry.guard import did, watched
from marl.registry.kind import Kind
from marl.registry.params import Finder, ParameterError, component_params, filled_params
from marl.registry.place import at, deliberate, know
from marl.registry.plugin import Plugin
from marl.registry.words import article

T = TypeVar("T")
AnyKind: TypeAlias = Kind[Any] | str  # a token, or the name of a kind, as it stands in a scenario or on a command line
_UNINSTALLED = "to try one that is not, `marl --plugin-dir FOLDER ...`, a folder of files or a checkout"
_LISTED = 12  # names in a sentence
_CORE = ("marl", "league")  # the plugins that come with the core


class Registry:
    """What is installed. `plugins`: every plugin with its state. `kinds`: by name, "environments", "algorithms", ...

    `notes` are remarks about the settings. Made by `load_registry`; it does not change.
    """

    def __init__(
        self, plugins: tuple[Plugin, ...], kinds: Mapping[str, Kind[Any]], notes: tuple[str, ...] = ()
    ) -> None:
        self.plugins, self.kinds, self.notes = plugins, kinds, notes
        self._all: dict[str, list[Descriptor]] = {kind: [] for kind in kinds}
        for plugin in plugins:
            for descriptor in plugin.descriptors:
                self._all[descriptor.kind].append(descriptor)
        know(found.target for found in chain.from_iterable(self._all.values()))
        for found in self._all.values():
            found.sort(key=lambda descriptor: descriptor.full_name)

    def all(self, kind: AnyKind) -> list[Descriptor]:
        """Every descriptor of a kind, by full name. Raises UserError for a kind that no loaded plugin has."""
        kind = str(kind)
        if kind not in self._all:
            raise UserError(f"no loaded plugin has the kind {kind!r}{suggestion(kind, self._all)}{self._absent()}")
        return list(self._all[kind])

    def find(self, kind: AnyKind, name: str) -> Descriptor:
        """The descriptor called `plugin/name`, or `name` while only one plugin has it. Raises UserError otherwise.

        What the core has keeps its short name: no plugin makes `random` ambiguous.
        """
        known = self.all(kind)
        matches = [found for found in known if name in (found.full_name, found.name)]
        matches = [found for found in matches if found.plugin in _CORE] or matches
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = " and ".join(found.full_name for found in matches)
            raise UserError(f"the {singular(str(kind))} {name!r} is ambiguous: {names} have it; write the full name")
        raise UserError(self._unknown(str(kind), name, known))

    def plugin(self, name: str) -> Plugin:
        """The plugin of that name (the one that is loaded, if two claim it). Raises UserError when there is none."""
        return named(self.plugins, name)

    def describe(self, kind: AnyKind, name: str) -> str:
        """Kind, name and origin, for sentences: "strategy 'duel/greedy' (plugin 'duel' of marl-duel 0.1)"."""
        return self._where(self.find(kind, name))

    def describe_class(self, cls: type) -> str:
        """The same for a class that no descriptor names, such as a learner: "MyLearner (plugin 'duel' of ...)"."""
        module = cls.__module__
        package = module.partition(".")[0]
        for plugin in self.plugins:
            targets = [descriptor.target.partition(":")[0] for descriptor in plugin.descriptors]
            modules = {plugin.value.partition(":")[0], *targets}
            if module in modules or package in {name.partition(".")[0] for name in modules}:
                return f"{cls.__qualname__} (plugin {plugin.name!r} of {plugin.origin})"
        return f"{module}.{cls.__qualname__}"

    def load(self, descriptor: Descriptor) -> Any:
        """Import the descriptor's target. Raises UserError naming plugin, distribution, target and cause."""
        return self._import(descriptor, descriptor.target)

    def schema(self, descriptor: Descriptor) -> type | None:
        """The dataclass of the descriptor's parameters, or None when it takes none."""
        if not isinstance(descriptor.params, str):
            return descriptor.params
        schema = self._import(descriptor, descriptor.params)
        if not (isinstance(schema, type) and dataclasses.is_dataclass(schema)):
            raise UserError(f"{self._where(descriptor)}: its params {descriptor.params!r} is not a dataclass")
        return schema

    def validate(self, kind: AnyKind, name: str, params: Mapping[str, Any], where: str = "") -> dict[str, Any]:
        """`params` checked and completed, by name.

        `where` is their key path in the scenario. Raises ParameterError (a UserError) naming the key.
        """
        return component_params(self.find(kind, name), params, where, self)

    def may_lack(self, sentence: str) -> bool:
        """No component may be missing (see `marl.registry.lenient` for those who only read)."""
        return False

    def fill(
        self, descriptor: Descriptor, params: Mapping[str, Any], owner: str = "", finder: Finder | None = None
    ) -> Any:
        """An instance of the descriptor's parameter dataclass, or None when it takes no parameters."""
        return filled_params(descriptor, params, "", finder or self, owner)

    def make(self, kind: Kind[T], name: str, params: Mapping[str, Any] = {}, /, **extra: Any) -> T:
        """Check `params`, import the target, and call it with `extra` and `params`, an instance of their dataclass.

        Raises UserError for wrong parameters (also where the target raises ValueError, as sentences are raised, and not
        by accident in a library), RunError when the target fails otherwise, or gives something that is not of the kind.
        """
        descriptor = self.find(kind, name)
        filled = filled_params(descriptor, params, "", self)
        target = self.load(descriptor)
        try:
            made = target(**extra) if filled is None else target(**extra, params=filled)
        except (UserError, RunError):
            raise
        except Exception as error:
            raise self._failure(descriptor, error) from error
        if lacking := self.kinds[descriptor.kind].lacks(made):
            raise RunError(f"{self._where(descriptor)} made a {type(made).__name__} that {lacking}")
        return cast(T, made)

    def _failure(self, descriptor: Descriptor, error: Exception) -> UserError | RunError:
        """The sentence for what a target raised when it was called by `make`."""
        below = error.__traceback__ and error.__traceback__.tb_next
        if isinstance(error, ValueError) and deliberate(below):
            return UserError(f"{descriptor.full_name} refuses its parameters: {error}{at(below)}")
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        return RunError(f"{self._where(descriptor)} failed{at(below)}: {reason}")

    def _import(self, descriptor: Descriptor, target: str) -> Any:
        module, _, attribute = target.partition(":")
        try:
            with watched(descriptor.plugin) if module not in sys.modules else nullcontext():
                imported = importlib.import_module(module)
            return reduce(getattr, attribute.split("."), imported)
        except BaseException as error:
            sentence = did(error).replace("raised", "raises", 1)
            self.plugin(descriptor.plugin).failures[target] = traceback.format_exc()
            raise UserError(
                f"{self._where(descriptor)} cannot be loaded: {target} {sentence}; "
                f"`marl plugins check {descriptor.plugin}` shows the traceback"
            ) from error

    def _where(self, descriptor: Descriptor) -> str:
        plugin = self.plugin(descriptor.plugin)
        return f"{singular(descriptor.kind)} {descriptor.full_name!r} (plugin {plugin.name!r} of {plugin.origin})"

    def _unknown(self, kind: str, name: str, known: list[Descriptor]) -> str:
        """The sentence for a name that nothing of this kind has."""
        one, close = singular(kind), self._close(name, known)
        similar = close if close.startswith("; did you mean") else ""
        if cause := self._cause(name):
            return f"unknown {one} {name!r}: {cause}{similar}"
        if remark := self._remark(name):
            return f"unknown {one} {name!r}: {remark}"
        if other := self._elsewhere(kind, name):
            names = ", ".join(found.full_name for found in known[:_LISTED])
            more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
            return f"{other}, not {article(one)}; {kind}: {names or 'none'}{more}"
        absent = "" if "/" in name else self._absent()
        return f"unknown {one} {name!r}{similar}{absent}{'' if similar else close}"

    def _close(self, name: str, known: list[Descriptor]) -> str:
        qualified = "/" in name
        same = [found.full_name for found in known if found.name == name.rpartition("/")[2]]
        if qualified and same:
            return f"; did you mean {same[0]!r}?"
        return suggestion(name, (found.full_name if qualified else found.name for found in known))

    def _cause(self, name: str) -> str:
        """Why a full name cannot be found whatever it is, or "": its plugin is not there."""
        qualifier, slash, _ = name.partition("/")
        plugin = next((plugin for plugin in self.plugins if plugin.name == qualifier), None)
        if not slash or (plugin is not None and plugin.state == "ok"):
            return ""
        if plugin is None:
            return f"no plugin {qualifier!r} is installed"
        if plugin.state == "disabled":
            return f"plugin {qualifier!r} is disabled (`marl plugins enable {qualifier}` brings it back)"
        return f"plugin {qualifier!r} is {plugin.state} (see `marl plugins info {qualifier}`)"

    def _remark(self, name: str) -> str:
        """What was noticed about a plugin that brings nothing of this name, such as a forgotten @hookimpl."""
        notes = [note for plugin in self.plugins if name.partition("/")[0] == plugin.name for note in plugin.notes]
        return f"plugin {name.partition('/')[0]!r} {notes[0]}" if "/" in name and notes else ""

    def _elsewhere(self, kind: str, name: str) -> str:
        """What a name means in another kind, as in "'duel/greedy' is a policy"; "" where it is unknown there too."""
        for other, descriptors in self._all.items():
            for found in descriptors if other != kind else ():
                if name in (found.full_name, found.name):
                    return f"{found.full_name!r} is {article(singular(other))}"
        return ""

    def _absent(self) -> str:
        absent = [f"{plugin.name!r} is {plugin.state}" for plugin in self.plugins if plugin.state != "ok"]
        return f" (plugin {', '.join(absent)}: see `marl plugins list`)" if absent else ""


def named(plugins: Sequence[Plugin], name: str) -> Plugin:
    """The plugin of that name (the one that is loaded, if two claim it). Raises UserError when there is none."""
    for plugin in plugins:
        if plugin.name == name:
            return plugin
    close = suggestion(name, (plugin.name for plugin in plugins))
    hint = "" if close.startswith("; did you mean") else f"; {_UNINSTALLED}"
    raise UserError(f"no plugin {name!r} is installed{close}{hint}")


__all__ = ["ParameterError", "Registry"]
