"""Verdicts: how a match ended for a side, and who answers for the host's own errors."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    """How a match ended for one side.

    The first three are the game's; the next are a bot's own doing and lose the match; the last two blame nobody.
    """

    WIN = "win"
    DRAW = "draw"
    LOSS = "loss"
    NO_START = "no start"
    """It did not say that it is ready in time."""
    TIMEOUT = "timeout"
    """It was asked and did not answer before its clock ran out."""
    ILLEGAL_MOVE = "illegal move"
    """It answered with an action that the rules do not allow there."""
    PROTOCOL_ERROR = "protocol error"
    """It wrote something that is not an answer: not JSON, another id, an action of the wrong type."""
    FLOOD = "flood"
    """It wrote more than the limits allow, in one line or in one match."""
    CRASH = "crash"
    """Its process ended, or it closed its output, before the match was over."""
    HOST_ERROR = "host error"
    """The environment, the sandbox or the referee failed: the match is void."""

    @property
    def is_fault(self) -> bool:
        """Whether the side lost by its own doing, not by the rules of the game."""
        return self in _FAULTS


_FAULTS = frozenset(
    (Verdict.NO_START, Verdict.TIMEOUT, Verdict.ILLEGAL_MOVE, Verdict.PROTOCOL_ERROR, Verdict.FLOOD, Verdict.CRASH)
)


@dataclass(frozen=True)
class HostError:
    """What failed on the host's part. `sides`: who was to act, or to start, when it did; empty where nobody was."""

    text: str
    sides: tuple[int, ...] = ()


def by_the_rules(returns: Sequence[float]) -> tuple[Verdict, ...]:
    """The verdicts of a match that was played to its end, from what each side earned `[S]`.

    Who alone earned most wins; those who share the most draw; a single side wins if it earned more than nothing.
    """
    best = max(returns)
    if len(returns) == 1:
        return (Verdict.WIN if best > 0 else Verdict.LOSS if best < 0 else Verdict.DRAW,)
    top = Verdict.WIN if list(returns).count(best) == 1 else Verdict.DRAW
    return tuple(top if earned == best else Verdict.LOSS for earned in returns)


def by_fault(faults: Sequence[Verdict | None]) -> tuple[Verdict, ...]:
    """The verdicts `[S]` of a match that was broken off. Who is at fault has his; one honest side wins, more draw."""
    honest = [fault is None for fault in faults]
    rest = Verdict.WIN if sum(honest) == 1 else Verdict.DRAW
    return tuple(rest if fault is None else fault for fault in faults)


def scores(verdicts: Sequence[Verdict], returns: Sequence[float]) -> tuple[float, ...] | None:
    """The share of its opponents that each side beat, draws counting half: 1, 0.5 or 0 between two sides, `[S]`.

    Who is at fault beats nobody and is beaten by every honest side; honest sides of a broken-off match draw with each
    other. None where the match is void. A single side scores 1, 0.5 or 0 by its verdict.
    """
    if Verdict.HOST_ERROR in verdicts:
        return None
    if len(verdicts) == 1:
        return ({Verdict.WIN: 1.0, Verdict.DRAW: 0.5}.get(verdicts[0], 0.0),)
    faults = [verdict.is_fault for verdict in verdicts]
    broken = any(faults)
    worth = [(not fault, 0.0 if broken else float(earned)) for fault, earned in zip(faults, returns, strict=True)]
    return tuple(0.0 if faults[side] else _beaten(worth, side) for side in range(len(worth)))


def _beaten(worth: list[tuple[bool, float]], side: int) -> float:
    mine, others = worth[side], worth[:side] + worth[side + 1 :]
    return sum((mine > other) + 0.5 * (mine == other) for other in others) / len(others)


def charge(error: HostError, earlier: Sequence[int], cap: int = 3) -> tuple[Verdict, ...]:
    """The verdicts `[S]` of a match that a host error ended, so that nobody can save himself by provoking them.

    `earlier`: for each side, how many host errors of this event were attributed to its player before this one. Up to
    `cap` of them are the host's: the match is void, to be played again. From then on the host does not believe in bad
    luck: they count as that player's crash.
    """
    guilty = [side in error.sides and count >= cap for side, count in enumerate(earlier)]
    if not any(guilty):
        return (Verdict.HOST_ERROR,) * len(earlier)
    return by_fault([Verdict.CRASH if it else None for it in guilty])
