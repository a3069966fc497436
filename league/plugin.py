"""The league as a plugin of `marl`: its own hook specifications, and what it brings. Cheap to import."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

VINYALS = "Vinyals et al., Grandmaster level in StarCraft II, Nature 575, 2019"
PSRO = "Lanctot et al., A unified game-theoretic approach to multiagent RL, NeurIPS 2017"


@hookimpl
def marl_addhooks(pluginmanager: Any) -> None:
    """Add the league's hook specifications."""
    from league import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@hookimpl
def marl_runners() -> Iterable[Descriptor]:
    """Run scenarios of `kind: league` and `kind: tournament`."""
    return [
        Descriptor(
            "league", "league.runner:run", "train a population against itself", params="league.config:LeagueConfig"
        ),
        Descriptor(
            "tournament",
            "league.tournament.runner:run",
            "let bots meet in a tournament",
            params="league.tournament.config:TournamentConfig",
        ),
    ]


@hookimpl
def marl_rosters() -> Iterable[Descriptor]:
    """Who is in a run of `kind: league`, and in a tournament."""
    return [
        Descriptor("league", "league.roster:roster", "the players of a league, and its meta-strategy"),
        Descriptor("tournament", "league.tournament.roster:roster", "the snapshots that take part in a tournament"),
    ]


@hookimpl
def marl_reports() -> Iterable[Descriptor]:
    """The reports of runs of `kind: league` and `kind: tournament`."""
    return [
        Descriptor("league", "league.report.rewrite:rewrite", "measures, payoffs, mixtures and births"),
        Descriptor("tournament", "league.tournament.page:rewrite", "standings, crosstable and replays"),
    ]


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Best responses: exact ones, and what makes those of others diverse."""
    return [
        Descriptor(
            "best_response",
            "league.oracles.best_response:BestResponse",
            "exact best response in sequence form, for games that can be solved exactly",
            source="Koller, Megiddo, von Stengel, Fast algorithms for finding randomized strategies, STOC 1994",
            tags=("exact",),
        ),
        Descriptor(
            "diverse_response",
            "league.oracles.diverse_response:DiverseResponse",
            "exact best response where being other than those who are known is worth something",
            params="league.oracles.diverse_response:Params",
            source="Perez-Nieves et al., ICML 2021; Liu et al., NeurIPS 2021; Yao et al., NeurIPS 2023",
            tags=("exact",),
        ),
        Descriptor(
            "learned_diverse_response",
            "league.oracles.learned_diverse_response:LearnedDiverseResponse",
            "best response that any algorithm learns, where earning other payoffs than those who are known is worth "
            "something",
            params="league.oracles.learned_diverse_response:Params",
            source="Perez-Nieves et al., ICML 2021",
        ),
    ]


@hookimpl
def marl_commands() -> Iterable[Descriptor]:
    """`marl league ...` and `marl tournament ...`."""
    return [
        Descriptor(
            "league", "league.commands:app", "Look into a league, and change it: status, players, add, retire, set."
        ),
        Descriptor(
            "tournament", "league.tournament.commands:app", "Host a tournament: create, submit, run, standings."
        ),
    ]


@hookimpl
def league_strategies() -> Iterable[Descriptor]:
    """Strategies that come with the league."""
    return [
        _strategy(
            "psro:PSRO",
            "policy-space response oracles: best responses to the meta-strategy, one per side and iteration",
            PSRO,
        ),
        _strategy(
            "racing_psro:RacingPSRO",
            "PSRO that plays more matches only where they could change its meta-strategy",
            "Areyan Viqueira et al., Improved algorithms for learning equilibria in simulation-based games",
        ),
        _strategy(
            "response_graph_psro:ResponseGraphPSRO",
            "PSRO that plays until it is clear who would answer whom how, for alpha-rank",
            "Rowland et al., Multiagent evaluation under incomplete information, NeurIPS 2019",
        ),
        _strategy(
            "diverse_psro:DiversePSRO",
            "PSRO whose best responses are to be other than those who are known: DPP, BD&RD, PSD",
            "Perez-Nieves et al., ICML 2021; Liu et al., NeurIPS 2021; Yao et al., NeurIPS 2023",
        ),
        _strategy(
            "rectified_psro:RectifiedPSRO",
            "PSRO in which every player that has weight is answered to where it wins already",
            "Balduzzi et al., Open-ended learning in symmetric zero-sum games, ICML 2019",
        ),
        _strategy(
            "pipeline_psro:PipelinePSRO",
            "PSRO with several best responses learned at once, each to what is known and to those below it",
            "McAleer et al., Pipeline PSRO, NeurIPS 2020",
        ),
        _strategy(
            "anytime_psro:AnytimePSRO",
            "PSRO whose meta-strategy is that of the known players which is hardest to exploit: it never gets worse",
            "McAleer et al., Anytime optimal PSRO for two-player zero-sum games, 2022",
        ),
        _strategy(
            "self_play_psro:SelfPlayPSRO",
            "anytime PSRO with a mixing policy that learns against the best responses, and joins in every epoch",
            "McAleer et al., Toward optimal policy population growth in two-player zero-sum games, ICLR 2024",
        ),
        _strategy(
            "jpsro:JPSRO",
            "PSRO for correlated equilibria: a best response for every player that may be drawn; any number of sides",
            "Marris et al., Multi-agent training beyond zero-sum with correlated equilibrium meta-solvers, ICML 2021",
        ),
        _strategy(
            "self_play:SelfPlay",
            "naive self-play: one learner on all sides, against itself as it is now",
            "Samuel, Some studies in machine learning using the game of checkers, 1959",
        ),
        _strategy(
            "historical:Historical",
            "historical self-play: against a window of the newest players; the whole past is fictitious self-play",
            "Bansal et al., Emergent complexity via multi-agent competition, ICLR 2018; Heinrich et al., ICML 2015",
        ),
        _strategy(
            "pfsp:PFSP",
            "prioritised fictitious self-play: several learners, side by side, each against whom it still loses to",
            VINYALS,
        ),
        _strategy(
            "alphastar:AlphaStar",
            "the AlphaStar league: main agents, main exploiters and league exploiters, side by side",
            VINYALS,
        ),
        _strategy(
            "pbt:PBT",
            "population-based training: learners with settings of their own, of which the weak go on from the strong",
            "Jaderberg et al., Population based training of neural networks, 2017",
        ),
    ]


def _strategy(target: str, summary: str, source: str) -> Descriptor:
    module, _ = target.split(":")
    params = f"league.strategies.{module}:Params"
    return Descriptor(module, f"league.strategies.{target}", summary, params=params, source=source)


@hookimpl
def league_metasolvers() -> Iterable[Descriptor]:
    """Meta-solvers that come with the league."""
    from league.descriptors.metasolvers import METASOLVERS

    return METASOLVERS


@hookimpl
def league_diversities() -> Iterable[Descriptor]:
    """Measures of diversity that come with the league."""
    from league.descriptors.diversities import DIVERSITIES

    return DIVERSITIES


@hookimpl
def league_measures() -> Iterable[Descriptor]:
    """Measures that come with the league."""
    from league.descriptors.measures import MEASURES

    return MEASURES


@hookimpl
def league_payoff_sources() -> Iterable[Descriptor]:
    """Payoff sources that come with the league."""
    return [
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
        Descriptor(
            "kept",
            "league.payoffs.kept:KeptPayoffs",
            "as sampled, and kept for all runs, by snapshots and environment",
            params="league.payoffs.kept:Params",
        ),
    ]


@hookimpl
def league_schedules() -> Iterable[Descriptor]:
    """Schedules that come with the league."""
    return [
        _schedule("round_robin:RoundRobin", "everyone meets everyone, equally often in every seat"),
        _schedule("gauntlet:Gauntlet", "one or several challengers meet everyone else"),
        _schedule("swiss:Swiss", "equals meet equals for a number of rounds, nobody twice; at most one bye each"),
        _schedule("single_elimination:SingleElimination", "who loses a meeting is out; seeded, with byes"),
        _schedule("double_elimination:DoubleElimination", "who loses two meetings is out; the final may be reset"),
        _schedule("ladder:Ladder", "uncertain players meet those of like strength, again and again"),
        _schedule("groups:Groups", "groups of round robins, whose best go on to a final stage"),
        _schedule("sprt:Sprt", "game pairs of two players until it is clear which of two hypotheses holds"),
    ]


@hookimpl
def league_ratings() -> Iterable[Descriptor]:
    """Rating systems that come with the league."""
    return [
        _rating(
            "bradley_terry:BradleyTerry",
            "maximum-likelihood strengths with confidence intervals; draws, seats",
            "Bradley and Terry 1952; Davidson 1970",
        ),
        _rating(
            "openskill:OpenSkill",
            "Bayesian online strengths from ranks of any number of sides",
            "Weng and Lin, A Bayesian approximation method for online ranking, JMLR 2011",
        ),
        _rating("elo:Elo", "online strengths, with anchors that stay", "Elo, The rating of chessplayers, 1978"),
        _rating("glicko2:Glicko2", "online strengths with uncertainty and volatility", "Glickman, Glicko-2, 2013"),
        _rating(
            "alpha_rank:AlphaRank",
            "shares of an evolving population, for fields with cycles",
            "Omidshafiei et al., Alpha-rank: multi-agent evaluation by evolution, 2019",
        ),
        _rating(
            "nash_averaging:NashAveraging",
            "strength against the maximum-entropy Nash mixture, which clones and weak players do not change",
            "Balduzzi et al., Re-evaluating evaluation, NeurIPS 2018",
        ),
    ]


def _schedule(target: str, summary: str) -> Descriptor:
    module, _ = target.split(":")
    return Descriptor(module, f"league.schedules.{target}", summary, params=f"league.schedules.{module}:Params")


def _rating(target: str, summary: str, source: str) -> Descriptor:
    module, _ = target.split(":")
    return Descriptor(
        module, f"league.ratings.{target}", summary, params=f"league.ratings.{module}:Params", source=source
    )


@hookimpl
def league_sandboxes() -> Iterable[Descriptor]:
    """Sandboxes that come with the league."""
    return [
        Descriptor("none", "league.sandbox.plain:NoSandbox", "no isolation: for bots that you trust like yourself"),
        Descriptor(
            "limits", "league.sandbox.plain:LimitsSandbox", "own session and limits: stops accidents, not attacks"
        ),
        Descriptor(
            "bubblewrap",
            "league.sandbox.bubblewrap:BubblewrapSandbox",
            "no network, own processes and files, filtered system calls, limits: for bots from strangers",
        ),
        Descriptor(
            "container",
            "league.sandbox.container:ContainerSandbox",
            "a docker or podman container: for bots that need a system of their own",
            params="league.sandbox.container:Params",
        ),
    ]
