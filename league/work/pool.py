"""What is asked of workers, wherever they are, and what comes back from them."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NoReturn, Protocol, TypeAlias, TypeVar

from marl.errors import RunError, UserError

Item = TypeVar("Item")
Result = TypeVar("Result")
ItemIn = TypeVar("ItemIn", contravariant=True)
ResultOut = TypeVar("ResultOut", covariant=True)

Tell: TypeAlias = Callable[[object], None]  # says something about the item that is worked on, while it is


class Work(Protocol[ItemIn, ResultOut]):
    """What workers do with an item. It is sent to other processes, so it is light: it opens there what it needs."""

    def __call__(self, item: ItemIn, tell: Tell, /) -> ResultOut:
        """Do it to the end. What is told reaches whoever made the pool, where the pool can carry it sooner than that
        the item ends; else together with the result."""


@dataclass(frozen=True)
class Failure:
    """Why an item has no result: what the work raised, or that its worker `died` under it.

    `text` says it in words. `error` is what was raised; where that was in another process, only if it is a sentence for
    a person. `trace` is the traceback of another process.
    """

    text: str
    died: bool = False
    error: Exception | None = None
    trace: str = ""

    @staticmethod
    def of(error: Exception) -> Failure:
        """What the work raised in this process."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        what = traceback.format_exception_only(error)[-1].strip()
        return Failure(f"{what} (at {Path(last.filename).name}:{last.lineno})", error=error)

    def packed(self) -> Failure:
        """The same for another process: sentences travel as they are, of all else its words and its traceback."""
        if self.error is None:
            return self
        kind = type(self.error)
        known = next((each for each in (UserError, RunError) if issubclass(kind, each)), None)
        error = known(str(self.error)) if known is not None else None
        return Failure(self.text, self.died, error, "".join(traceback.format_exception(self.error)))

    def throw(self) -> NoReturn:
        """Raise it here, with the traceback of where it happened behind it."""
        if self.error is not None and not self.trace:
            raise self.error
        raise (self.error or RunError(self.text)) from Elsewhere(self.trace)


class Elsewhere(Exception):
    """Its text is the traceback of another process: the cause of an error that came from there."""

    def __str__(self) -> str:
        return f"in a worker:\n{self.args[0]}".rstrip()


@dataclass(frozen=True)
class Ended(Generic[Item, Result]):
    """An item that is over: with its result, or with a failure."""

    item: Item
    result: Result | None
    failure: Failure | None = None


class Pool(Protocol[Item, Result]):
    """Does items of work, at most `size` at once."""

    size: int

    def start(self, item: Item) -> None:
        """Begin an item. Only while fewer than `size` are going on."""

    def wait(self, seconds: float) -> list[Ended[Item, Result]]:
        """The items that ended since the last call; waits up to `seconds` for the first one."""

    def close(self) -> None:
        """End all workers, whatever they are doing."""


def attempt(work: Work[Item, Result], item: Item, tell: Tell) -> Ended[Item, Result]:
    """Do an item; whatever it raises is its failure."""
    try:
        return Ended(item, work(item, tell))
    except Exception as error:
        return Ended(item, None, Failure.of(error))


def unheard(item: object, said: object) -> None:
    """What is told of an item, where nobody listens."""
