"""What a sequential test has to say, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from league.pairing import Fact
from league.ratings.sprt import SequentialTest, State, estimate


def sprt_facts(test: SequentialTest, state: State, players: Sequence[str], most: int, later: int) -> list[Fact]:
    """Hypotheses, decision, LLR with its bounds, Elo with its error, LOS, and the pairs by points (pentanomial).

    `later`: how many games are in the table, and not in the test.
    """
    (candidate, other), decision = players, state.decision
    found = estimate(state.counts)
    counts = [int(count) for count in state.counts]
    more = f"; {later} later games are in the table, not in the test" if later else ""
    rates = f"wrong in {test.alpha:.3g} and {test.beta:.3g} of all cases at most"
    return [
        Fact(
            "hypotheses",
            f"{candidate} is at most {test.elo0:+g} Elo better than {other} (H0), or at least {test.elo1:+g} (H1); "
            f"{rates}",
            {"elo0": test.elo0, "elo1": test.elo1, "alpha": test.alpha, "beta": test.beta},
        ),
        Fact("decision", _decision(test, state, players, most), decision.verdict or None),
        Fact(
            "LLR",
            f"{decision.llr:.2f}; H0 at {decision.lower:.2f}, H1 at {decision.upper:.2f}",
            {"llr": decision.llr, "lower": decision.lower, "upper": decision.upper},
        ),
        Fact("Elo", _elo(found.elo, found.interval), {"elo": _finite(found.elo), "interval": _ends(found.interval)}),
        Fact("LOS", f"{found.los:.1%} likely that {candidate} is better at all", found.los),
        Fact(
            "pairs",
            f"{decision.pairs}; with 0, 0.5, 1, 1.5 and 2 points: {' '.join(map(str, counts))}{more}",
            [*counts],
        ),
    ]


def _decision(test: SequentialTest, state: State, players: Sequence[str], most: int) -> str:
    candidate, other = players
    if state.decision.verdict == "H1":
        return f"H1: {candidate} is better than {other}, by {test.elo1:+g} Elo rather than {test.elo0:+g}"
    if state.decision.verdict == "H0":
        return f"H0: {candidate} is not better than {other} by {test.elo1:+g} Elo; {test.elo0:+g} is likelier"
    return f"none: stopped after {most} pairs" if state.decision.pairs >= most else "none yet"


def _elo(elo: float, interval: tuple[float, float]) -> str:
    """A difference and its interval; as +- where that is nearly symmetric."""
    low, high = interval
    if not isfinite(elo):
        return f"every game was {'won' if elo > 0 else 'lost'}: no finite difference"
    if isfinite(low) and isfinite(high) and abs((high - elo) - (elo - low)) < 0.05 * (high - low):
        return f"{elo:+.1f} +- {(high - low) / 2:.1f} (95 %)"
    ends = f"{low:+.1f}" if isfinite(low) else "below", f"{high:+.1f}" if isfinite(high) else "above"
    return f"{elo:+.1f} (95 %: {ends[0]} to {ends[1]})"


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _ends(interval: tuple[float, float]) -> list[float | None]:
    return [_finite(end) for end in interval]
