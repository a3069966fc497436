"""The hooks that the league adds to `marl`. Each returns descriptors; see docs/plugins.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from marl.registry import Descriptor, Kind, hookspec

if TYPE_CHECKING:
    from league.diversity import Diversity
    from league.measures import Measure
    from league.metasolvers import MetaSolver
    from league.payoffs.source import PayoffSource
    from league.ratings.rating import RatingSystem
    from league.sandbox import Sandbox
    from league.schedules import Schedule
    from league.strategy import Strategy

STRATEGIES: Kind[Strategy] = Kind("strategies", "league.strategy:Strategy", "league.walks:strategy")
METASOLVERS: Kind[MetaSolver] = Kind("metasolvers", "league.metasolvers:MetaSolver", "league.trials.solvers:metasolver")
DIVERSITIES: Kind[Diversity] = Kind("diversities", "league.diversity:Diversity", "league.trials.solvers:diversity")
MEASURES: Kind[Measure] = Kind("measures", "league.measures:Measure")
PAYOFF_SOURCES: Kind[PayoffSource] = Kind(
    "payoff_sources", "league.payoffs.source:PayoffSource", "league.trials.payoffs:payoff_source"
)
SCHEDULES: Kind[Schedule] = Kind("schedules", "league.schedules:Schedule", "league.trials.schedules:schedule")
RATINGS: Kind[RatingSystem] = Kind("ratings", "league.ratings.rating:RatingSystem", "league.trials.ratings:rating")
SANDBOXES: Kind[Sandbox] = Kind("sandboxes", "league.sandbox:Sandbox", "league.trials.sandboxes:sandbox")


@hookspec
def league_strategies() -> Iterable[Descriptor]:
    """Strategies: what decides which jobs of a league are done next.

    A target is called as `target(registry: Registry, params: P)` and gives a `league.strategy.Strategy`.
    Since API 1, with parameters as one object since API 2.
    """
    return []


@hookspec
def league_metasolvers() -> Iterable[Descriptor]:
    """Meta-solvers: what turns a payoff table into mixtures.

    A target is called as `target(params: P)` and gives a `league.metasolvers.MetaSolver`.
    Since API 1, with parameters as one object since API 2.
    """
    return []


@hookspec
def league_diversities() -> Iterable[Descriptor]:
    """Measures of diversity: what it is worth that a new player is other than those who are known.

    A target is called as `target(params: P)` and gives a `league.diversity.Diversity`. Since API 2.
    """
    return []


@hookspec
def league_measures() -> Iterable[Descriptor]:
    """Measures: the numbers that a league is judged by, and may end by.

    A target is called as `target(params: P)` and gives a `league.measures.Measure`: one that looks at the league
    (`Look`), or one whose parts are done by workers (`InParts`). Since API 2.
    """
    return []


@hookspec
def league_payoff_sources() -> Iterable[Descriptor]:
    """Payoff sources: where the payoffs of a league's pairings come from.

    A target is called as `target(services: LeagueServices, params: P)` and gives a
    `league.payoffs.source.PayoffSource`. Since API 2.
    """
    return []


@hookspec
def league_schedules() -> Iterable[Descriptor]:
    """Schedules: what decides the next pairings of a tournament.

    A target is called as `target(players, sides, seed, params: P)` and gives a `league.schedules.Schedule`.
    Since API 1, with parameters as one object since API 2.
    """
    return []


@hookspec
def league_ratings() -> Iterable[Descriptor]:
    """Rating systems: what turns the results of matches into strengths.

    A target is called as `target(params: P)` and gives a `league.ratings.RatingSystem`.
    Since API 1, with parameters as one object since API 2.
    """
    return []


@hookspec
def league_sandboxes() -> Iterable[Descriptor]:
    """Sandboxes: where bots run.

    A target is called as `target(params: P)` and gives a `league.sandbox.Sandbox`.
    Since API 1, with parameters as one object since API 2.
    """
    return []
