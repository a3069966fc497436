"""Blame: an error inside a plugin's code is a sentence that names the plugin, what was asked of it, and what is right.

    with blamed(registry.describe("strategies", name), "next(view, running)", "a list of league.orders.Order"):
        orders = strategy.next(view, running)

The traceback stays behind the sentence (`MARL_DEBUG=1` prints it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from marl.errors import RunError, UserError
from marl.registry.place import at

_LONG = 60  # letters of an array that are still read
_SHOWN = 120  # letters of an answer that are still read


@contextmanager
def blamed(subject: str | Callable[[], str], asked: str, right: str = "") -> Iterator[None]:
    """Turn whatever `subject` raises while it is `asked` for something into a RunError that says so.

    `subject`: where the question is asked thousands of times, a function that gives it, called only if it is needed.
    `right` says what it should have given. UserError and RunError are sentences already, and pass.
    """
    try:
        yield
    except (UserError, RunError):
        raise
    except Exception as error:
        expected = f"; {right} would be right" if right else ""
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        who = subject if isinstance(subject, str) else subject()
        host = error.__traceback__ and error.__traceback__.tb_next  # the function that asks, below this one
        raise RunError(f"{who} failed in {asked}{at(host and host.tb_next)}: {reason}{expected}") from error


def wrong(subject: str, asked: str, got: object, right: str) -> RunError:
    """The error for an answer that cannot be used: `got` is shown, and `right` says what would be."""
    shown = _shown(got) if got is not None else "nothing (None)"
    if len(shown) > _SHOWN:  # what is wrong comes first
        short = shown[:_SHOWN].rpartition(" ")[0] or shown[:_SHOWN]
        return RunError(f"{subject} gave what cannot be used from {asked}: {right} would be right; it was {short} ...")
    return RunError(f"{subject} gave {shown} from {asked}, which cannot be used: {right} would be right")


def _shown(got: object) -> str:
    """A value for a sentence: of large arrays and tensors the shape alone, also within a tuple."""
    if isinstance(got, tuple) and 1 < len(got) < 5:
        return f"({', '.join(map(_shown, got))})"
    shape = getattr(got, "shape", None)
    if isinstance(shape, tuple) and len(repr(got)) > _LONG:
        return f"a {type(got).__name__} {list(shape)}"
    return f"{got!r:.{_SHOWN + 1}}"
