"""What the conformance checks say: results, gathered in a report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["pass", "warn", "fail", "skip"]
_MARKS: dict[Status, str] = {"pass": "ok", "warn": "warn", "fail": "FAIL", "skip": "-"}


@dataclass(frozen=True)
class Result:
    """What one check found.

    `message` says it in a sentence, `hint` how to mend it. `seed` given to `check_environment` shows the same again.
    `traceback` is what Python said where the environment raised.
    """

    check: str
    status: Status
    message: str
    hint: str = ""
    seed: int | None = None
    traceback: str = ""

    def text(self) -> str:
        """The result as one to three lines."""
        lines = [f"{_MARKS[self.status]:<5}{self.check:<15}{self.message}"]
        if self.status in ("fail", "warn"):
            lines += [f"{'':20}to mend it: {self.hint}"] if self.hint else []
            lines += [f"{'':20}to see it again: seed={self.seed}, only=[{self.check!r}]"]
        return "\n".join(lines)


@dataclass(frozen=True)
class Report:
    """The results of all checks that ran, in their order."""

    results: tuple[Result, ...]

    @property
    def ok(self) -> bool:
        """Whether no check failed. Warnings and skipped checks are no failures."""
        return all(result.status != "fail" for result in self.results)

    def __getitem__(self, check: str) -> Result:
        """The result of one check."""
        return {result.check: result for result in self.results}[check]

    def count(self, status: Status) -> int:
        """How many checks ended with `status`."""
        return sum(result.status == status for result in self.results)

    def summary(self) -> str:
        """One line: "14 pass, 1 warn, 0 fail, 2 skip"."""
        statuses: tuple[Status, ...] = ("pass", "warn", "fail", "skip")
        return ", ".join(f"{self.count(status)} {status}" for status in statuses)

    def text(self) -> str:
        """Every result, and the summary."""
        return "\n".join([*(result.text() for result in self.results), self.summary()])

    def json(self) -> dict[str, Any]:
        """The report as JSON: `{"ok": ..., "results": [...]}`, with the fields of each `Result`."""
        return {"ok": self.ok, "results": [asdict(result) for result in self.results]}
