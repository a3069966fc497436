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
    Descriptor(
        "expected_cardinality",
        "league.measures.expected_cardinality:ExpectedCardinality",
        "how many different players there are, by what they earn: of a determinantal point process",
        source="Perez-Nieves et al., Modelling behavioural diversity for learning in open-ended games, ICML 2021",
    ),
    Descriptor(
        "cycles",
        "league.measures.cycles:Cycles",
        "the share of players that stand in a sure circle: A beats B beats C beats A",
        source="Balduzzi et al., Open-ended learning in symmetric zero-sum games, ICML 2019",
    ),
    Descriptor(
        "past",
        "league.measures.past:Past",
        "how often the meta-strategy wins against earlier players, in fresh matches",
        params="league.measures.past:Params",
        source="Vinyals et al., Grandmaster level in StarCraft II, Nature 575, 2019",
    ),
    Descriptor(
        "yardsticks",
        "league.measures.yardsticks:Yardsticks",
        "how often the meta-strategy wins against players who never learn, in fresh matches",
        params="league.measures.yardsticks:Params",
        source="Silver et al., Mastering the game of Go without human knowledge, Nature 550, 2017",
    ),
)
WHERE_EXACT = ("league/nash_conv",)  # what is taken, unless a scenario says otherwise, where payoffs are exact
