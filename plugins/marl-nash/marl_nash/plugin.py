"""What the plugin registers. Importing this file imports neither torch nor Ray."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Self-play that goes to an equilibrium, with networks."""
    yield Descriptor(
        "nfsp",
        "marl_nash.nfsp:NFSP",
        "neural fictitious self-play: a deep Q-network answers the average of what it has played, a second network",
        params="marl_nash.params:NFSPParams",
        source="Heinrich and Silver, Deep reinforcement learning from self-play in imperfect-information games, "
        "arXiv:1603.01121, 2016",
        tags=("networks",),
    )
    yield Descriptor(
        "rnad",
        "marl_nash.rnad:RNaD",
        "regularised Nash dynamics: rewards pull towards a reference that follows; neural replicator dynamics",
        params="marl_nash.params:RNaDParams",
        source="Perolat et al., Mastering the game of Stratego with model-free multiagent reinforcement learning, "
        "Science 378, 2022",
        tags=("networks",),
    )
    yield Descriptor(
        "nash_pg",
        "marl_nash.nash_pg:NashPG",
        "a policy gradient that a large divergence holds to a reference, which follows",
        params="marl_nash.params:NashPGParams",
        source="Yu et al., Nash policy gradient, arXiv:2510.18183, 2025",
        tags=("networks",),
    )
    yield Descriptor(
        "rebel",
        "marl_nash.regression:REBEL",
        "regression of relative rewards on pairs of rows, from a mixture with a reference (Nash-MD)",
        params="marl_nash.params:RegressionParams",
        source="Gao et al., REBEL, NeurIPS 2024; Munos et al., Nash learning from human feedback, ICML 2024",
        tags=("networks", "preferences"),
    )
    yield Descriptor(
        "dno",
        "marl_nash.regression:DNO",
        "direct Nash optimisation: preferences between pairs of rows, from a mixture with a reference (Nash-MD)",
        params="marl_nash.params:RegressionParams",
        source="Rosset et al., Direct Nash optimization, arXiv:2404.03715, 2024",
        tags=("networks", "preferences"),
    )
    yield Descriptor(
        "deep_cfr",
        "marl_nash.deep_cfr.algorithm:DeepCFR",
        "regret minimisation on traversed matches, with networks in place of tables; their average plays",
        params="marl_nash.deep_cfr.params:DeepCFRParams",
        source="Brown, Lerer, Gross and Sandholm, Deep counterfactual regret minimization, ICML 2019",
        tags=("networks", "regret"),
    )

    yield Descriptor(
        "restricted_game",
        "marl_nash.nxdo.algorithm:RestrictedSolver",
        "solves the game in which everybody chooses a policy of a population at every decision; for nash/nxdo",
        params="marl_nash.nxdo.algorithm:Params",
        source="McAleer et al., XDO: a double oracle algorithm for extensive-form games, NeurIPS 2021",
        tags=("networks",),
    )


@hookimpl
def marl_policies() -> Iterable[Descriptor]:
    """What restricted games are solved to."""
    yield Descriptor(
        "restricted",
        "marl_nash.nxdo.player:restored",
        "chooses a policy of a population at every decision, from a snapshot",
    )


@hookimpl
def league_strategies() -> Iterable[Descriptor]:
    """Double oracle with networks."""
    yield Descriptor(
        "nxdo",
        "marl_nash.nxdo.strategy:NXDO",
        "neural extensive-form double oracle: a policy of the population is chosen anew at every decision",
        params="marl_nash.nxdo.strategy:Params",
        source="McAleer, Lanier, Wang, Baldi and Fox, XDO: a double oracle algorithm for extensive-form games, "
        "NeurIPS 2021",
        tags=("networks",),
    )


@hookimpl
def marl_rewards() -> Iterable[Descriptor]:
    """What matches are worth to a judge."""
    yield Descriptor(
        "spo",
        "marl_nash.spo:SPO",
        "self-play preference optimisation: a judge compares matches, and wins are paid",
        params="marl_nash.spo:SPOParams",
        source="Swamy et al., A minimaximalist approach to reinforcement learning from human feedback, ICML 2024",
        tags=("preferences",),
    )
