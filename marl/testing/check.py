"""What a check is: a small function with a name, that says what it saw or raises what is wrong."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from marl.errors import RunError, UserError
from marl.registry.place import at
from marl.testing.report import Result, Status

if TYPE_CHECKING:
    from marl.testing.subject import Subject


class Finding(Exception):
    """Ends a check with something else than a pass. `hint` replaces that of the check."""

    status: Status = "fail"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Broken(Finding):
    """The environment breaks the contract."""


class Doubtful(Finding):
    """Probably a mistake, or more than the check can tell."""

    status: Status = "warn"


class NotApplicable(Finding):
    """The environment does not claim what this check is about."""

    status: Status = "skip"


def expect(condition: object, message: str, hint: str | None = None) -> None:
    """Raise `Broken` unless the condition holds."""
    if not condition:
        raise Broken(message, hint)


@dataclass(frozen=True)
class Check:
    """A named check. Calling it never raises: whatever goes wrong is in the result."""

    name: str
    summary: str
    hint: str
    function: Callable[[Subject], str]

    def __call__(self, subject: Subject) -> Result:
        """Run the check on an environment."""
        make = functools.partial(Result, self.name, seed=subject.seed)
        try:
            return make("pass", self.function(subject))
        except Finding as finding:
            return make(finding.status, finding.message, self.hint if finding.hint is None else finding.hint)
        except Exception as error:
            return make("fail", _sentence(error), self.hint, traceback=traceback.format_exc())


def check(hint: str) -> Callable[[Callable[[Subject], str]], Check]:
    """Turn a function into a check: its name is the check's, its docstring the summary; it returns what it saw."""

    def decorate(function: Callable[[Subject], str]) -> Check:
        name = function.__name__.removeprefix("check_")
        return Check(name, (function.__doc__ or "").strip(), hint, function)

    return decorate


def _sentence(error: Exception) -> str:
    """What was raised and where: in the author's own file, where one of its lines was running."""
    if isinstance(error, RunError) or (isinstance(error, UserError) and error.__cause__):  # these say where it was
        return f"the environment failed: {error}"
    said = f": {error}" if str(error) else ""
    return f"the environment raised {type(error).__name__}{said}{at(error.__traceback__)}"
