"""Parameters as people read them: what a dataclass takes, its defaults, and what its author wrote below each field."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from marl.registry.component import Component, kind_of, rest_of


@dataclass(frozen=True)
class Parameter:
    """One parameter: `name` (of a nested dataclass: "model.hidden"), its type (or the kind of component that it names),
    default and meaning, each as text."""

    name: str
    type: str
    default: str
    meaning: str


def parameters(schema: type, prefix: str = "") -> list[Parameter]:
    """The parameters of a dataclass, in the order of its fields; those of nested dataclasses one by one."""
    said = written(schema)
    hints = get_type_hints(schema)
    found: list[Parameter] = []
    for field in dataclasses.fields(schema):
        if not field.init:
            continue
        name, hint, kind = f"{prefix}{field.name}", hints[field.name], kind_of(field)
        annotation, meaning = said.get(field.name, (str(field.type), ""))
        if others := rest_of(field):
            found.append(Parameter(f"{prefix}NAME", f"of {others}", "none", field.metadata["help"]))
            continue
        if kind:
            found.append(Parameter(name, kind, default(field), field.metadata["help"]))
        elif isinstance(hint, type) and dataclasses.is_dataclass(hint):
            found += parameters(hint, f"{name}.")
        else:
            chosen = " | ".join(map(str, get_args(hint))) if get_origin(hint) is Literal else annotation
            found.append(Parameter(name, chosen, default(field), meaning))
    return found


def written(schema: type) -> dict[str, tuple[str, str]]:
    """Annotation and meaning by field: the text below it, or the comment beside it. A subclass has the last word."""
    found: dict[str, tuple[str, str]] = {}
    for owner in reversed(schema.__mro__):
        if not dataclasses.is_dataclass(owner):
            continue
        try:
            source = inspect.cleandoc("\n" + inspect.getsource(owner))
            (body,) = ast.parse(source).body
        except (OSError, SyntaxError, ValueError):  # typed in, or written by a program
            continue
        assert isinstance(body, ast.ClassDef)
        lines = source.splitlines()
        for node, after in zip(body.body, [*body.body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                beside = lines[(node.end_lineno or 1) - 1].encode()[node.end_col_offset or 0 :].decode()
                meaning = _docstring(after) or beside.strip().removeprefix("#").strip()
                found[node.target.id] = ast.unparse(node.annotation), meaning
    return found


def default(field: dataclasses.Field[Any]) -> str:
    """A field's default as it stands in a scenario; "required" where there is none."""
    value = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    if value is dataclasses.MISSING:
        return "required"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(item.name if isinstance(item, Component) else str(item) for item in value)}]"
    return value.name if isinstance(value, Component) else str(value)


def _docstring(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return ""
