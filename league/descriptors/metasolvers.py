"""The meta-solvers that come with the league, as its plugin lists them. Cheap to import."""

from __future__ import annotations

from marl.registry import Descriptor

_MARRIS = "Marris et al., Multi-agent training beyond zero-sum with correlated equilibrium meta-solvers, ICML 2021"


def _solver(name: str, target: str, summary: str, source: str = "", params: bool = True) -> Descriptor:
    module = f"league.metasolvers.{target}"
    return Descriptor(name, module, summary, params=module.split(":")[0] + ":Params" if params else None, source=source)


METASOLVERS = [
    _solver(
        "nash", "nash:Nash",
        "a Nash equilibrium: by linear programming where two sides are zero-sum, else the limiting logit equilibrium",
        "von Neumann and Morgenstern 1944; Turocy, A dynamic homotopy interpretation of the logistic QRE, 2005",
        params=False,
    ),
    _solver(
        "max_entropy_nash", "max_entropy_nash:MaxEntropyNash",
        "Nash averaging: the equilibrium of largest entropy of a two-side zero-sum table; copies share one weight",
        "Balduzzi et al., Re-evaluating evaluation, NeurIPS 2018",
        params=False,
    ),
    _solver(
        "cce", "cce:CoarseCorrelated",
        "a coarse correlated equilibrium (a joint distribution) of largest welfare or impurity, any number of sides",
        _MARRIS,
    ),
    _solver(
        "ce", "ce:Correlated",
        "a correlated equilibrium (a joint distribution) of largest welfare or impurity, any number of sides",
        _MARRIS + "; Aumann 1974",
    ),
    _solver(
        "logit", "logit:Logit",
        "the logit (quantal response) equilibrium of a given rationality, any number of sides, general sum",
        "McKelvey and Palfrey, Quantal response equilibria for normal form games, 1995",
    ),
    _solver("uniform", "uniform:Uniform", "every player alike, however strong", params=False),
    _solver(
        "prd", "prd:ProjectedReplicator",
        "projected replicator dynamics, any number of sides, general sum",
        "Lanctot et al., A unified game-theoretic approach to multiagent RL, NeurIPS 2017, section 3.3",
    ),
    _solver(
        "regret_matching", "regret_matching:RegretMatching",
        "the average of regret matching (or regret matching+), any number of sides, general sum",
        "Hart and Mas-Colell 2000; Tammelin, Solving large imperfect information games using CFR+, 2014",
    ),
    _solver(
        "risk_averse", "risk_averse:RiskAverse",
        "a risk-averse equilibrium: all dislike what they earn to vary; any number of sides, general sum",
        "Slumbers et al., A game-theoretic framework for managing risk in multi-agent systems, ICML 2023",
    ),
    _solver(
        "alpharank", "alpharank:AlphaRank",
        "the marginals of alpha-rank's stationary distribution, any number of sides, general sum",
        "Omidshafiei et al., Alpha-rank, 2019; Muller et al., A generalized training approach, ICLR 2020",
    ),
]  # fmt: skip
