"""The league as a plugin of `marl`: its own hook specifications, and what it brings. Cheap to import."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marl.registry import Descriptor, hookimpl

MARL_API = ">=1,<2"

PSRO = "Lanctot et al., A unified game-theoretic approach to multiagent RL, NeurIPS 2017"


@hookimpl
def marl_addhooks(pluginmanager: Any) -> None:
    """Add the league's hook specifications."""
    from league import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@hookimpl
def marl_runners() -> Iterable[Descriptor]:
    """Runs scenarios of `kind: league`."""
    return [
        Descriptor(
            "league", "league.runner:run", "train a population against itself", params="league.config:LeagueConfig"
        )
    ]


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Exact algorithms that need no learning."""
    return [
        Descriptor(
            "best_response",
            "league.oracles.best_response:BestResponse",
            "exact best response in sequence form, for games that can be solved exactly",
            source="Koller, Megiddo, von Stengel, Fast algorithms for finding randomized strategies, STOC 1994",
            tags=("exact",),
        )
    ]


@hookimpl
def marl_commands() -> Iterable[Descriptor]:
    """`marl league ...` and `marl report`."""
    return [
        Descriptor("league", "league.commands:app", "Look into a league: status, payoffs, lineage, export."),
        Descriptor("report", "league.commands:report", "Write a run's report.html again."),
    ]


@hookimpl
def league_strategies() -> Iterable[Descriptor]:
    """Strategies that come with the league."""
    return [
        Descriptor(
            "psro",
            "league.strategies.psro:PSRO",
            "policy-space response oracles: best responses to the meta-strategy, one per side and iteration",
            params="league.strategies.psro:Params",
            source=PSRO,
        ),
        Descriptor(
            "self_play",
            "league.strategies.self_play:SelfPlay",
            "naive self-play: one learner on all sides, against itself as it is now",
            params="league.strategies.self_play:Params",
            source="Samuel, Some studies in machine learning using the game of checkers, 1959",
        ),
    ]


@hookimpl
def league_metasolvers() -> Iterable[Descriptor]:
    """Meta-solvers that come with the league."""
    return [
        Descriptor(
            "nash",
            "league.metasolvers.nash:Nash",
            "a Nash equilibrium of a two-side zero-sum table, by linear programming",
            source="von Neumann and Morgenstern 1944; HiGHS",
        ),
        Descriptor("uniform", "league.metasolvers.uniform:Uniform", "every player alike, however strong"),
        Descriptor(
            "prd",
            "league.metasolvers.prd:ProjectedReplicator",
            "projected replicator dynamics, any number of sides, general sum",
            params="league.metasolvers.prd:Params",
            source=PSRO + ", section 3.3",
        ),
    ]
