"""How something leaves: one notice a process that names who uses it, what is old, what to use, and when it goes.

    deprecated("plugin 'duel'", "the hook zoo_keepers", use="zoo_staff", gone="marl-zoo 2.0")

A hook says so beside its specification (`leaving`), a parameter in `RENAMED` of its dataclass (`Renamed`); see
docs/stability.md.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
_LEAVING = "marl_leaving"
_told: set[str] = set()


class Deprecated(DeprecationWarning):
    """What `deprecated` warns with. `marl` shows it to people; elsewhere Python's usual filters hold."""


@dataclass(frozen=True)
class Leaving:
    """`use`: what to use instead. `gone`: with what it goes, as in "hook API 3" or "marl-zoo 2.0"."""

    use: str
    gone: str

    def sentence(self, who: str, what: str) -> str:
        """As in "plugin 'duel': the hook zoo_keepers is deprecated and goes with hook API 3; use zoo_staff"."""
        return f"{who}: {what} is deprecated and goes with {self.gone}; use {self.use}"


@dataclass(frozen=True)
class Renamed(Leaving):
    """A parameter that is called `use` now. In a class variable of the dataclass that had it:

    RENAMED: ClassVar[dict[str, Renamed]] = {"speed": Renamed("pace", gone="marl-duel 2.0")}
    """


def deprecated(who: str, what: str, *, use: str, gone: str, depth: int = 1) -> str:
    """Warn once a process (category `Deprecated`), and give the sentence. `depth`: callers that are not to blame."""
    sentence = Leaving(use, gone).sentence(who, what)
    if sentence not in _told:
        _told.add(sentence)
        warnings.warn(sentence, Deprecated, stacklevel=depth + 1)
    return sentence


def leaving(*, use: str, gone: str) -> Callable[[T], T]:
    """Above `@hookspec`: whoever implements this hook is told, in `marl plugins list` and `check` too."""

    def mark(function: T) -> T:
        setattr(function, _LEAVING, Leaving(use, gone))
        return function

    return mark


def leaves(function: object) -> Leaving | None:
    """What `leaving` said of a hook's specification."""
    return getattr(function, _LEAVING, None)


def show_to_people() -> None:
    """From now on notices are a line on standard error, whatever Python's filters say."""
    warnings.filterwarnings("always", category=Deprecated)
    usual: Callable[..., Any] = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, Deprecated):
            print(f"note: {message}", file=sys.stderr)
        else:
            usual(message, category, *where, **more)

    warnings.showwarning = show
