"""What each move cost and what the engine thought of it, as the transcript of its match tells.

The times are those of the transcript, so they may differ from the clock's by what the host itself took; positions are
judged by engines that speak UCI alone ("info ... score cp 31").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from league.referee.record import Line

_SCORE = re.compile(r"\bscore (cp|mate) (-?\d{1,9})(?! (?:lower|upper)bound)\b")
_DEPTH = re.compile(r"\bdepth (\d{1,4})\b")
_LINE = re.compile(r"\bmultipv (?!1\b)")


@dataclass(frozen=True)
class Thought:
    """A move: the `seconds` it took; `centipawns`, or moves to `mate` (below 0: it is mated), for the side to move."""

    seconds: float
    centipawns: int | None = None
    mate: int | None = None
    depth: int | None = None


def thoughts(lines: Iterable[Line]) -> dict[int, list[Thought]]:
    """For each side whose bot was asked, its moves in order."""
    found: dict[int, list[Thought]] = {}
    asked: dict[int, float] = {}
    judged: dict[int, str] = {}
    for when, side, way, text in lines:
        if way == ">" and text.startswith(("position ", '{"type":"act"')):
            asked[side], judged[side] = when, ""
        elif way != "<" or side not in asked:
            continue
        elif text.startswith("info ") and _SCORE.search(text) and not _LINE.search(text):
            judged[side] = text
        elif text.startswith(("bestmove", "{")):
            found.setdefault(side, []).append(_thought(when - asked.pop(side), judged[side]))
    return found


def _thought(seconds: float, judged: str) -> Thought:
    score, depth = _SCORE.search(judged), _DEPTH.search(judged)
    if score is None:
        return Thought(seconds)
    value, deep = int(score[2]), int(depth[1]) if depth else None
    return Thought(seconds, value, None, deep) if score[1] == "cp" else Thought(seconds, None, value, deep)
