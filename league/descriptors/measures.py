"""The measures that come with the league. Cheap to import."""

from __future__ import annotations

from marl.registry import Descriptor

MEASURES = (
    Descriptor(
        "nash_conv",
        "league.measures.nash_conv:NashConv",
        "what all sides could still gain by exact best responses, for games that can be solved exactly",
        source="Lanctot et al., A unified game-theoretic approach to multiagent RL, NeurIPS 2017",
        tags=("exact",),
    ),
    Descriptor(
        "cce_gap",
        "league.measures.cce_gap:CCEGap",
        "what all sides could gain by leaving a joint meta-strategy, for games that can be solved exactly",
        source="Marris et al., Multi-agent training beyond zero-sum with correlated equilibrium meta-solvers, 2021",
        tags=("exact",),
    ),
    Descriptor(
        "exploitability",
        "league.measures.exploitability:Exploitability",
        "what trained exploiters gain on the meta-strategy in fresh matches, with an interval",
        params="league.measures.exploitability:Params",
        source="Timbers et al., Approximate exploitability: learning a best response, IJCAI 2022",
    ),
    Descriptor(
        "elo",
        "league.measures.elo:Elo",
        "Elo of the newest players above the first, by the payoffs of all",
        source="Elo, The rating of chessplayers, 1978; Bradley and Terry 1952",
    ),
    Descriptor(
        "effective_players",
        "league.measures.effective_players:EffectivePlayers",
        "how many players the meta-strategy really uses: the exponential of its entropy",
        source="Hill, Diversity and evenness, Ecology 1973",
    ),
)
WHERE_EXACT = ("league/nash_conv",)  # what is taken, unless a scenario says otherwise, where payoffs are exact
