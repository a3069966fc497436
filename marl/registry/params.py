"""Checking parameters against a dataclass. Every error names the key, what stands there and what would be right."""

from __future__ import annotations

import collections.abc
import dataclasses
import math
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any, Literal, Protocol, Union

from marl.deprecation import deprecated
from marl.errors import UserError, suggestion
from marl.registry.component import PLAYERS, Component, elsewhere, kind_of, rest_of
from marl.registry.descriptor import Descriptor
from marl.registry.place import at, deliberate
from marl.registry.unions import meant
from marl.registry.words import expected, found


class Finder(Protocol):
    """The part of the registry that nested components need."""

    def find(self, kind: str, name: str) -> Descriptor:
        """What is registered under a full or short name. Raises UserError where that is nothing, or several."""

    def schema(self, descriptor: Descriptor) -> type | None:
        """The dataclass of its parameters, or None."""

    def may_lack(self, sentence: str) -> bool:
        """Whether a component may stay unchecked where nothing here answers to its name; `sentence` says so."""


class ParameterError(UserError):
    """A wrong parameter: `path` is its key (`env.players`), `sentence` what is wrong with it.

    `between`: what stands between the two, as in "lanes must be at least 1".
    """

    def __init__(self, path: str, sentence: str, between: str = ": ") -> None:
        super().__init__(f"{path}{between}{sentence}" if path else sentence)
        self.path, self.sentence = path, sentence


def fill(schema: type, params: Mapping[Any, Any], where: str, owner: str, finder: Finder) -> Any:
    """An instance of the dataclass `schema` with `params` checked, converted and completed by its defaults.

    `where` is the key path of `params`, `owner` whose parameters they are; both for the ParameterError it may raise. A
    schema's `MOVED` has keys that it had once, with the sentence that says where they went; its `RENAMED` those that
    are taken still (`marl.deprecation.Renamed`). A class method `checked(values, where, finder)` of it looks at all of
    them with the registry at hand, and gives those to use.
    """
    hints = field_types(schema, owner)
    fields = {field.name: field for field in dataclasses.fields(schema) if field.init and rest_of(field) is None}
    values: dict[str, Any] = {}
    params = _renamed(schema, params, where, owner)
    rest = next((field for field in dataclasses.fields(schema) if rest_of(field)), None)
    others = {key: value for key, value in params.items() if key not in fields}
    if rest is not None:
        values[rest.name] = _rest(others, rest, hints[rest.name], fields, where, finder)
    elif others:
        key = next(iter(others))
        moved = getattr(schema, "MOVED", {}).get(key)
        close = f"; {moved}" if moved else suggestion(str(key), fields)
        raise ParameterError(join(where, key), f"{owner} has no key {key!r}{close}")
    for name, field in fields.items():
        path, hint, kind = join(where, name), hints[name], kind_of(field)
        given = params[name] if name in params else _default(field)
        if given is dataclasses.MISSING or (given is None and name not in params and kind and not _optional(hint)):
            raise ParameterError(path, f"{owner} needs it, and it is missing; {expected(hint, kind)} is right")
        infinite = isinstance(given, float) and math.isinf(given) and given == _default(field)  # where that is usual
        if (name in params and not infinite) or kind or dataclasses.is_dataclass(given):
            given = convert(given, hint, path, kind, finder)
        values[name] = given
    if look := getattr(schema, "checked", None):
        values = look(values, where, finder)
    try:
        return schema(**values)
    except UserError:
        raise
    except Exception as error:
        raise _refusal(error, where, owner, fields) from error


def _renamed(schema: type, params: Mapping[Any, Any], where: str, owner: str) -> Mapping[Any, Any]:
    """The parameters, with what is called otherwise now under its new name; a notice says so."""
    renamed = {key: new for key, new in getattr(schema, "RENAMED", {}).items() if key in params}
    for key, new in renamed.items():
        if new.use in params:
            raise ParameterError(join(where, key), f"it is called {new.use} now, which is there too; leave {key!r} out")
        deprecated(owner, f"the parameter {key!r}", use=repr(new.use), gone=new.gone)
    return {renamed[key].use if key in renamed else key: value for key, value in params.items()} if renamed else params


def _rest(
    others: Mapping[Any, Any],
    field: dataclasses.Field[Any],
    hint: Any,
    fields: Collection[str],
    where: str,
    finder: Finder,
) -> Any:
    """The value of a field that takes all other keys: names of its kind."""
    for key in others:
        try:
            finder.find(str(rest_of(field)), str(key))
        except UserError as error:
            close = suggestion(str(key), fields)
            near = close if close.startswith("; did you mean") else ""
            if near or not finder.may_lack(f"{join(where, key)}: {error}"):
                raise ParameterError(
                    join(where, key), f"no key is called {key!r}{near}" if near else str(error)
                ) from error
    return convert({key: item for key, item in others.items() if item is not None}, hint, where, None, finder)


def _refusal(error: Exception, where: str, owner: str, fields: Collection[str]) -> ParameterError:
    """What a dataclass has against its values. A sentence that begins with a key is about that key."""
    below = error.__traceback__ and error.__traceback__.tb_next
    if not (isinstance(error, (ValueError, TypeError)) and deliberate(below)):
        return ParameterError(where, f"{owner} failed to take its parameters{at(below)}: {error!r}")
    first, _, rest = str(error).partition(" ")
    key = first.removesuffix(":")
    if key in fields and rest:
        return ParameterError(join(where, key), rest, first.removeprefix(key) + " ")
    return ParameterError(where, f"{owner} refuses its parameters: {error}")


def field_types(schema: type, owner: str) -> dict[str, Any]:
    """The types of a dataclass's fields. Raises UserError when they cannot be read, which is the author's error."""
    try:
        return typing.get_type_hints(schema)
    except Exception as error:
        raise UserError(
            f"the parameter class {schema.__qualname__} of {owner} has unreadable types: {error}"
        ) from error


def convert(value: Any, hint: Any, path: str, kind: str | None, finder: Finder) -> Any:
    """`value` as the type `hint`; integers pass as numbers, and nothing else is guessed."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _union(value, hint, path, kind, finder)
    if origin is Literal:
        return _literal(value, hint, path)
    if origin is typing.Annotated:
        return convert(value, arguments[0], path, kind, finder)
    if hint is Component:
        return _component(value, path, kind, finder)
    if dataclasses.is_dataclass(hint):
        return _nested(value, typing.cast(type, hint), path, finder)
    container = origin or hint
    if container in (list, tuple, collections.abc.Sequence):
        return _sequence(value, container, arguments, path, kind, finder, hint)
    if container in (dict, collections.abc.Mapping):
        return _mapping(value, arguments, path, kind, finder, hint)
    if hint is Any or hint is object:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    plain = hint in (int, float, str, bool, type(None), None)
    if not plain:
        raise UserError(
            f"{path}: parameters of type {hint} are not supported; use plain types, lists, dicts, dataclasses"
        )
    wanted = type(None) if hint is None else hint
    if isinstance(value, float) and hint is float and not math.isfinite(value):
        raise ParameterError(path, f"{value} is not a finite number, and one is needed")
    if isinstance(value, wanted) and not (isinstance(value, bool) and wanted is not bool):
        return value
    raise ParameterError(path, f"{found(value)}, but {expected(hint)} is needed")


def join(where: str, key: object) -> str:
    """The path of a key below `where`: `env.players`, `players[0]`."""
    if isinstance(key, int):
        return f"{where}[{key}]"
    return f"{where}.{key}" if where else str(key)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def _union(value: Any, hint: Any, path: str, kind: str | None, finder: Finder) -> Any:
    members = typing.get_args(hint)
    if value is None and type(None) in members:
        return None
    exact = [member for member in members if member is type(value)]
    rest = [member for member in members if member is not type(None) and member not in exact]
    errors: list[ParameterError] = []
    for member in meant(value, exact + rest):
        try:
            return convert(value, member, path, kind, finder)
        except ParameterError as error:
            errors.append(error)
    deeper = [error for error in errors if error.path != path]
    if len(errors) == 1 or len(deeper) == 1:  # one member was meant: its own complaint says most
        raise (deeper or errors)[0]
    raise ParameterError(path, f"{found(value)}, but {expected(hint, kind)} is needed")


def _literal(value: Any, hint: Any, path: str) -> Any:
    choices = typing.get_args(hint)
    for choice in choices:
        if value == choice and type(value) is type(choice):
            return choice
    close = suggestion(str(value), map(str, choices)) if isinstance(value, str) else ""
    hinted = close if close.startswith("; did you") else ""
    raise ParameterError(path, f"{found(value)}, but {expected(hint)} is needed{hinted}")


def _component(value: Any, path: str, kind: str | None, finder: Finder) -> Component:
    if kind is None:
        raise UserError(f"{path}: declare this field with marl.registry.component(kind), so that its kind is known")
    if isinstance(value, Component):
        name, params = value.name, value.params
    elif isinstance(value, str):
        name, params = value, {}
    elif isinstance(value, Mapping):
        if not isinstance(value.get("name"), str):
            raise ParameterError(path, f"the mapping has no 'name' that is text; {expected(Component, kind)} is right")
        name, params = value["name"], {key: item for key, item in value.items() if key != "name"}
    else:
        raise ParameterError(path, f"{found(value)}, but {expected(Component, kind)} is needed")
    if kind == PLAYERS:
        if (player := elsewhere(name)) is not None:
            return Component(player, dict(params))
        kind = "policies"
    try:
        descriptor = finder.find(kind, name)
    except ParameterError:
        raise
    except UserError as error:
        if finder.may_lack(f"{path}: {error}"):
            return Component(name, dict(params))
        raise ParameterError(path, str(error)) from error
    return Component(descriptor.full_name, component_params(descriptor, params, path, finder))


def filled_params(
    descriptor: Descriptor, params: Mapping[Any, Any], where: str, finder: Finder, owner: str = ""
) -> Any:
    """The parameters of a described thing, checked and completed by their defaults: an instance of their dataclass.

    None where it takes none. `owner`: what sentences call it. Raises ParameterError.
    """
    schema = finder.schema(descriptor)
    if schema is not None:
        return fill(schema, params, where, owner or descriptor.full_name, finder)
    for key in params:
        raise ParameterError(join(where, key), f"{descriptor.full_name} takes no parameters; leave {key!r} out")
    return None


def component_params(descriptor: Descriptor, params: Mapping[Any, Any], where: str, finder: Finder) -> dict[str, Any]:
    """The same by name, as a scenario holds them."""
    filled = filled_params(descriptor, params, where, finder)
    return {} if filled is None else flat(filled)


def _nested(value: Any, schema: type, path: str, finder: Finder) -> Any:
    if isinstance(value, schema):
        value = flat(value)
    if not isinstance(value, Mapping):
        raise ParameterError(path, f"{found(value)}, but {expected(schema)} is needed")
    return fill(schema, value, path, path, finder)


def flat(value: Any) -> dict[str, Any]:
    """The fields of a dataclass's instance by name, as a scenario has them: `rest` fields laid out."""
    result: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        if rest_of(field):
            result |= getattr(value, field.name)
        elif field.init:
            result[field.name] = getattr(value, field.name)
    return result


def _sequence(
    value: Any, container: Any, arguments: tuple[Any, ...], path: str, kind: str | None, finder: Finder, hint: Any
) -> Any:
    if not isinstance(value, (list, tuple)):
        raise ParameterError(path, f"{found(value)}, but {expected(hint, kind)} is needed")
    if container is tuple and arguments and arguments[-1] is not Ellipsis:
        if len(value) != len(arguments):
            raise ParameterError(path, f"it has {len(value)} entries, but {len(arguments)} are needed")
        members = list(arguments)
    else:
        members = [arguments[0] if arguments else Any] * len(value)
    items = [
        convert(item, member, join(path, i), kind, finder)
        for i, (item, member) in enumerate(zip(value, members, strict=True))
    ]
    return tuple(items) if container is tuple else items


def _mapping(
    value: Any, arguments: tuple[Any, ...], path: str, kind: str | None, finder: Finder, hint: Any
) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise ParameterError(path, f"{found(value)}, but {expected(hint, kind)} is needed")
    key_hint, item_hint = arguments or (Any, Any)
    return {
        convert(key, key_hint, join(path, str(key)), None, finder): convert(
            item, item_hint, join(path, str(key)), kind, finder
        )
        for key, item in value.items()
    }
