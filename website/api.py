"""Every public name with its signature: `python website/api.py` writes docs/api.txt (see docs/stability.md)."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from reference import ROOT, public

FILE = ROOT / "docs" / "api.txt"


def lines(module: ModuleType) -> Iterator[str]:
    """A line for each public name of a module, and for each public member of its classes."""
    for name, found in sorted(names(module).items()):
        full = f"{module.__name__}.{name}"
        yield f"{full}{_signature(found)}"
        if inspect.isclass(found):
            for member in members(found):
                yield f"{full}.{member}{_signature(inspect.getattr_static(found, member, None))}"


def names(module: ModuleType) -> dict[str, Any]:
    """What a module offers: its `__all__`, or else what is written in it, without an underscore."""
    chosen = getattr(module, "__all__", None)
    if chosen is not None:
        return {name: getattr(module, name) for name in chosen}
    return {
        name: found
        for name, found in vars(module).items()
        if not name.startswith("_") and (getattr(found, "__module__", "") == module.__name__ or name.isupper())
    }


def members(cls: type) -> list[str]:
    """The public methods, properties and fields of a class that are written in this project."""
    found: dict[str, None] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.split(".")[0] in ("marl", "league"):
            said = [name for name, value in vars(base).items() if callable(value) or _described(value)]
            found.update(dict.fromkeys([*getattr(base, "__annotations__", {}), *said]))
    return sorted(name for name in found if not name.startswith("_"))


def broken(old: str, new: dict[str, str]) -> str:
    """Why somebody who relies on the line `old` cannot any more, or ""; `new` are the lines of today by their names."""
    name, had = _split(old)
    if name not in new:
        return f"{name} is gone"
    has = _split(new[name])[1]
    if had is None:
        return ""
    if has is None:
        return f"{name} cannot be called any more"
    plain = [one.rstrip("=").lstrip("*") for one in has]
    for one in had:
        if one.lstrip("*").rstrip("=") not in plain:
            return f"{name} takes no {one.rstrip('=')!r} any more"
        if one.endswith("=") and one not in has:
            return f"{name} needs {one.rstrip('=')!r} now"
    known = {one.rstrip("=") for one in had}
    needed = [one for one in has if not one.endswith("=") and not one.startswith("*") and one not in known]
    return f"{name} needs {needed[0]!r} besides" if needed else ""


def by_name(written: Iterator[str] | list[str]) -> dict[str, str]:
    """Lines by the names that they are about."""
    return {_split(line)[0]: line for line in written}


def _split(line: str) -> tuple[str, list[str] | None]:
    name, called, rest = line.partition("(")
    return name, [part for part in rest.removesuffix(")").split(", ") if part] if called else None


def _described(value: object) -> bool:
    return isinstance(value, (property, classmethod, staticmethod)) or hasattr(value, "__get__")


def _signature(found: Any) -> str:
    """As in "(lanes, seeds, tasks=)": a parameter with "=" may be left out; "" for what is not called."""
    function = found.__func__ if isinstance(found, (classmethod, staticmethod)) else found
    if not (inspect.isclass(function) or inspect.isroutine(function)):
        return ""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ""
    marks = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    said = (
        f"{marks.get(one.kind, '')}{one.name}{'' if one.default is one.empty else '='}"
        for one in parameters
        if one.name not in ("self", "cls")
    )
    return f"({', '.join(said)})"


def main() -> None:
    """Write docs/api.txt."""
    text = "\n".join(line for name in public() for line in lines(importlib.import_module(name)))
    FILE.write_text(text + "\n", encoding="utf-8")
    print(f"{FILE}: {text.count(chr(10)) + 1} names")


if __name__ == "__main__":
    main()
