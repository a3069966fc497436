"""The payoff sources that come with the league. Cheap to import."""

from __future__ import annotations

from marl.registry import Descriptor

SOURCES = (
    Descriptor(
        "auto",
        "league.payoffs.auto:auto",
        "exact where the game has a sequence form, else matches",
        params="league.payoffs.sampled:Params",
    ),
    Descriptor(
        "exact",
        "league.payoffs.exact:ExactPayoffs",
        "expected returns, for games that can be solved exactly",
        source="von Stengel, Efficient computation of behavior strategies, 1996",
        tags=("exact",),
    ),
    Descriptor(
        "sampled",
        "league.payoffs.sampled:SampledPayoffs",
        "the mean of matches, with its interval",
        params="league.payoffs.sampled:Params",
    ),
)
