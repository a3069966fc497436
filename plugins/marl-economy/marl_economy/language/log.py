"""All that was said, a line of JSON each: who goes on with a run asks nothing again that was answered.

A line that a killed process left unfinished is cut off. Questions are known by their content and by what they are for
(the key of the row), so a model that draws its answers is asked anew for each row.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marl.errors import RunError


@dataclass(frozen=True)
class Said:
    """An answer: its text, the tokens of question and answer as the endpoint counts them, and the requests it took."""

    text: str
    tokens: int = 0
    requests: int = 1


@dataclass
class Log:
    """What was said so far. `path`: None keeps it in memory. `spent`: requests and tokens, those of before included."""

    path: Path | None = None
    known: dict[str, Said] = field(default_factory=dict)
    requests: int = 0
    tokens: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        if self.path is not None and self.path.exists():
            self._read(self.path)

    def _read(self, path: Path) -> None:
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                entry = json.loads(line)
                self._count(entry["id"], entry.get("answer"), entry["tokens"], entry["requests"])
            except (ValueError, KeyError, TypeError) as error:
                raise RunError(f"{path}, line {number} is damaged ({error!r}): remove the line to go on") from None
        if len(whole) < len(content):
            os.truncate(path, len(whole))

    def _count(self, id: str, text: str | None, tokens: int, requests: int) -> None:
        self.requests, self.tokens = self.requests + requests, self.tokens + tokens
        if text is not None:
            self.known[id] = Said(text, tokens, requests)

    def add(self, id: str, question: Mapping[str, Any], said: Said | None, error: str = "", requests: int = 1) -> None:
        """Keep an answer, or that there was none after so many requests."""
        tokens, requests = (said.tokens, said.requests) if said else (0, requests)
        told = {"answer": said.text} if said else {"error": error}
        line = json.dumps(
            {"id": id, **told, "tokens": tokens, "requests": requests, "question": question}, ensure_ascii=False
        )
        with self._lock:
            self._count(id, said.text if said else None, tokens, requests)
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
                    file.flush()
                    os.fsync(file.fileno())


def identity(question: Mapping[str, Any], row: int) -> str:
    """What a question is known by."""
    return hashlib.sha256(json.dumps([question, row], sort_keys=True).encode()).hexdigest()[:32]
