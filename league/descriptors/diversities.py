"""The measures of diversity that come with the league, as its plugin lists them. Cheap to import."""

from __future__ import annotations

from marl.registry import Descriptor

DIVERSITIES = (
    Descriptor(
        "cardinality",
        "league.diversity.cardinality:Cardinality",
        "how much a player adds to the expected cardinality of its population (DPP-PSRO)",
        params="league.diversity.cardinality:Params",
        source="Perez-Nieves et al., Modelling behavioural diversity for learning in open-ended games, ICML 2021",
    ),
    Descriptor(
        "behaviour_response",
        "league.diversity.behaviour_response:BehaviourResponse",
        "how else a player behaves than the meta-strategy, and how far its payoffs are from all mixtures' (BD&RD-PSRO)",
        params="league.diversity.behaviour_response:Params",
        source="Liu et al., Unifying behavioral and response diversity for open-ended learning, NeurIPS 2021",
    ),
    Descriptor(
        "policy_space",
        "league.diversity.policy_space:PolicySpace",
        "how far a player's behaviour is from everybody's who is known (PSD-PSRO)",
        source="Yao et al., Policy space diversity for non-transitive games, NeurIPS 2023",
    ),
)
