"""What a run is one of: a method on a task, each named by what tells it from the others that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marl.words import clipped

TASK = ("env", "opponents", "side")
APART = ("name", "kind", "seed", "compute", "sinks", "evaluation", "env_steps", "slice", "failures")
"""Parts of a scenario that make no method: how long, where, by chance, and how it was measured."""
_LONGEST = 60

Settings = Mapping[str, str]  # by dotted key


def settings(scenario: Mapping[str, Any]) -> tuple[Settings, Settings]:
    """A resolved scenario's settings by dotted key: those of the method, and those of the task."""
    method = {key: value for key, value in scenario.items() if key not in (*TASK, *APART)}
    task = {key: scenario[key] for key in TASK if key in scenario}
    method["algorithm"], task["env"] = map(_spelled_out, (method["algorithm"], task["env"]))
    return flat(method), flat(task)


def flat(value: Any, key: str = "") -> dict[str, str]:
    """Everything in a nested mapping or list by dotted key, as text."""
    if not isinstance(value, (Mapping, list, tuple)) or not value:
        return {key: "" if value is None else str(value)}
    parts = value.items() if isinstance(value, Mapping) else dict(enumerate(value)).items()
    return {
        name: text for part, inner in parts for name, text in flat(inner, f"{key}.{part}" if key else str(part)).items()
    }


def labels(found: Sequence[Settings], name: str) -> list[str]:
    """A label for each: the setting `name` and, where others have the same, the settings in which those differ."""
    result = []
    for mine in found:
        alike = [other for other in found if other.get(name) == mine.get(name)]
        keys = sorted({key for other in alike for key in (*other, *mine) if other.get(key) != mine.get(key)})
        told = [f"{_short(key)}={mine[key]}" for key in keys if mine.get(key)]
        result.append(clipped(" ".join([mine.get(name, ""), *told]), _LONGEST))
    return result


def _spelled_out(component: Any) -> Any:
    """One without parameters is its name alone."""
    return component if isinstance(component, Mapping) else {"name": component}


def _short(key: str) -> str:
    """A key without what every key of its kind begins with."""
    first, _, rest = key.partition(".")
    return rest if first in ("algorithm", "env") and rest else key
