"""Verdicts: how a match ended for a side, and who answers for the host's own errors."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    """How a match ended for one side.

    The first three are the game's; the next are a bot's own doing and lose the match; the last blames nobody.
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
    FORFEIT = "forfeit"
    """It had left the event, by itself or by the host's decision: nothing was played."""
    HOST_ERROR = "host error"
    """The environment, the sandbox or the referee failed: the match is void."""

    @property
    def is_fault(self) -> bool:
        """Whether the side lost by its own doing, not by the rules of the game."""
        return self in _FAULTS


_FAULTS = frozenset(
    (
        *(Verdict.NO_START, Verdict.TIMEOUT, Verdict.ILLEGAL_MOVE, Verdict.PROTOCOL_ERROR, Verdict.FLOOD),
        *(Verdict.CRASH, Verdict.FORFEIT),
    )
)


@dataclass(frozen=True)
class HostError:
    """What failed on the host's part. `sides`: who was to act, or to start, when it did; empty where nobody was."""

    text: str
    sides: tuple[int, ...] = ()


def host_error(what: str, error: Exception, sides: tuple[int, ...]) -> HostError:
    """A host error from an exception."""
    return HostError(f"{what}: {type(error).__name__}: {error}", sides)


def by_the_rules(returns: Sequence[float]) -> tuple[Verdict, ...]:
    """The verdicts of a match that was played to its end, from what each side earned `[S]`.

    Who alone earned most wins; those who share the most draw; a single side wins if it earned more than nothing.
    """
    best = max(returns)
    if len(returns) == 1:
        return (Verdict.WIN if best > 0 else Verdict.LOSS if best < 0 else Verdict.DRAW,)
    top = Verdict.WIN if list(returns).count(best) == 1 else Verdict.DRAW
    return tuple(top if earned == best else Verdict.LOSS for earned in returns)


def verdicts_of(faults: Sequence[Verdict | None], returns: Sequence[float]) -> tuple[Verdict, ...]:
    """The verdicts `[S]` of a match that is over. Who is at fault has his; if one of two is, the other one wins.

    Among more, everybody else's are those of the rules, by what each side earned, those at fault included: a failure
    makes nobody's place better (see `league.referee.scoring`).
    """
    ruled = by_the_rules(returns)
    if len(faults) == 2 and any(faults):
        ruled = (Verdict.WIN, Verdict.WIN)
    return tuple(rule if fault is None else fault for rule, fault in zip(ruled, faults, strict=True))


def charge(error: HostError, earlier: Sequence[int], returns: Sequence[float], cap: int = 3) -> tuple[Verdict, ...]:
    """The verdicts `[S]` of a match that a host error ended, so that nobody can save himself by provoking them.

    `earlier`: for each side, how many host errors of this event were attributed to its player before this one. Up to
    `cap` of them are the host's: the match is void, to be played again. From then on the host does not believe in bad
    luck: they count as that player's crash, and everybody else has what the game had paid so far (`returns` `[S]`).
    """
    guilty = [side in error.sides and count >= cap for side, count in enumerate(earlier)]
    if not any(guilty):
        return (Verdict.HOST_ERROR,) * len(earlier)
    return verdicts_of([Verdict.CRASH if it else None for it in guilty], returns)
