"""Descriptors: what a plugin says about one thing it brings, cheap enough to make on every start."""

from __future__ import annotations

import dataclasses
import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+=,()\-]*\Z")
_TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")

_LONGEST, _LINE = 100, 500  # letters of a name, and of a summary


@dataclasses.dataclass(frozen=True)
class Descriptor:
    """One environment, algorithm, command, ... of a plugin.

    `name`: short name, without the plugin's. `target`: `"package.module:attribute"`, imported only when used.
    `summary`: one line. `params`: the dataclass of its parameters, or where to find it
    (`"package.module:Class"`), or None when it takes none. `source`: paper or origin. `tags`: words to search by.
    `plugin` and `kind` are filled in by the host. Raises ValueError (TypeError) for malformed values, so that the
    traceback points into the plugin.
    """

    name: str
    target: str
    summary: str
    params: type | str | None = None
    source: str = ""
    tags: tuple[str, ...] = ()
    plugin: str = ""
    kind: str = ""

    def __post_init__(self) -> None:
        for field in ("name", "target", "summary", "source"):
            if not isinstance(getattr(self, field), str):
                raise TypeError(f"the {field} of a descriptor is text, not {getattr(self, field)!r}")
        if not _NAME.match(self.name):
            raise ValueError(
                f"descriptor name {self.name!r}: use letters, digits, '_', '-' and '.', and no plugin name"
            )
        if len(self.name) > _LONGEST:
            raise ValueError(f"descriptor name {self.name[:40]!r}...: it has more than {_LONGEST} letters")
        if not is_target(self.target):
            raise ValueError(f"descriptor {self.name!r}: target {self.target!r} is not 'package.module:attribute'")
        if not self.summary.strip() or "\n" in self.summary:
            raise ValueError(f"descriptor {self.name!r}: the summary is one line of text, not {self.summary!r}")
        if len(self.summary) > _LINE:
            raise ValueError(f"descriptor {self.name!r}: the summary has more than {_LINE} letters: say it in a line")
        lazy = isinstance(self.params, str) and is_target(self.params)
        eager = isinstance(self.params, type) and dataclasses.is_dataclass(self.params)
        if not (self.params is None or lazy or eager):
            raise TypeError(
                f"descriptor {self.name!r}: params is a dataclass, 'package.module:Class' or None, not {self.params!r}"
            )
        if isinstance(self.tags, str) or not all(isinstance(tag, str) for tag in self.tags):
            raise TypeError(f"descriptor {self.name!r}: tags are a tuple of texts, not {self.tags!r:.60}")
        object.__setattr__(self, "tags", tuple(self.tags))

    @property
    def full_name(self) -> str:
        """`plugin/name`."""
        return f"{self.plugin}/{self.name}"


def is_target(text: str) -> bool:
    """Whether `text` has the form `package.module:attribute`."""
    return bool(_TARGET.match(text))


def singular(kind: str) -> str:
    """One of a kind, in words: `policies -> policy`, `curricula -> curriculum`, `payoff_sources -> payoff source`."""
    kind = kind.replace("_", " ")
    if kind.endswith("ula"):
        return kind[:-1] + "um"
    if kind.endswith("ies"):
        return kind[:-3] + "y"
    return kind[:-2] if kind.endswith(("xes", "sses")) else kind.removesuffix("s")
