"""What the plugin registers. Importing this file imports neither torch nor numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_rewards() -> Iterable[Descriptor]:
    """What rewards there are: for being, moving, counting and exploring; for teams; and those that must not mislead."""
    yield from shaped()
    yield from for_teams()
    yield from for_exploration()
    yield from from_preferences()


def shaped() -> Iterable[Descriptor]:
    """What an agent does, and where it is."""
    yield Descriptor(
        "potential",
        "marl_rewards.potential:Potential",
        "Potential-based shaping: faster learning, and the same optimal policies",
        params="marl_rewards.potential:Params",
        source="Ng, Harada, Russell, ICML 1999",
        tags=("shaping",),
    )
    yield Descriptor(
        "value",
        "marl_rewards.value:Value",
        "Pays what an expression says of the state after an action",
        params="marl_rewards.value:Params",
        tags=("shaping",),
    )
    yield Descriptor(
        "distance",
        "marl_rewards.distance:Distance",
        "Pays for being near, by a shape function of the distance between two points",
        params="marl_rewards.distance:Params",
        source="Moschopoulos et al. (Lucy-SKG), arXiv:2305.15801, equation 3",
        tags=("shaping",),
    )
    yield Descriptor(
        "velocity",
        "marl_rewards.velocity:Velocity",
        "Pays for moving towards something",
        params="marl_rewards.velocity:Params",
        source="Moschopoulos et al. (Lucy-SKG), arXiv:2305.15801, section 4",
        tags=("shaping",),
    )
    yield Descriptor(
        "progress",
        "marl_rewards.progress:Progress",
        "Pays for how much more of something there is after an action than before it",
        params="marl_rewards.progress:Params",
        source="Ng, Harada, Russell, ICML 1999, with gamma = 1",
        tags=("shaping",),
    )
    yield Descriptor(
        "events",
        "marl_rewards.events:Events",
        "Pays for what the environment counts, a channel for each column",
        params="marl_rewards.events:Params",
        source="Moschopoulos et al. (Lucy-SKG), arXiv:2305.15801; OpenAI et al., arXiv:1912.06680",
        tags=("events",),
    )
    yield Descriptor(
        "submodular",
        "marl_rewards.submodular:Submodular",
        "Diminishing returns: the more there was in a match, the less another one pays",
        params="marl_rewards.submodular:Params",
        source="Prajapat et al., ICLR 2024 (arXiv:2307.13372)",
        tags=("events", "safe"),
    )
    yield Descriptor(
        "carl",
        "marl_rewards.carl:CaRL",
        "Progress alone is paid, and faults take a share of it away",
        params="marl_rewards.carl:Params",
        source="Jaeger et al., CoRL 2025 (arXiv:2504.17838)",
        tags=("shaping", "safe"),
    )


def for_teams() -> Iterable[Descriptor]:
    """Who of a team is paid for what."""
    yield Descriptor(
        "team_spirit",
        "marl_rewards.team_spirit:TeamSpirit",
        "What an agent earns blended with its team's mean, less the opponents' mean if wanted",
        params="marl_rewards.team_spirit:Params",
        source="OpenAI et al., arXiv:1912.06680; Moschopoulos et al. (Lucy-SKG), arXiv:2305.15801",
        tags=("teams",),
    )
    yield Descriptor(
        "difference",
        "marl_rewards.difference:Difference",
        "What a team earned less what it would have earned without the agent",
        params="marl_rewards.difference:Params",
        source="Wolpert and Tumer, Advances in Complex Systems 4, 2001",
        tags=("teams",),
    )


def for_exploration() -> Iterable[Descriptor]:
    """What has not been seen yet."""
    yield Descriptor(
        "counts",
        "marl_rewards.counts:Counts",
        "Pays one over the root of how often the next observation was seen, over all matches",
        params="marl_rewards.counts:Params",
        source="Strehl and Littman 2008; Tang et al., NeurIPS 2017 (arXiv:1611.04717)",
        tags=("exploration", "learns"),
    )
    yield Descriptor(
        "episodic",
        "marl_rewards.episodic:Episodic",
        "Pays one over the root of how often an agent saw the next observation in this match",
        params="marl_rewards.counts:Params",
        source="Badia et al., ICLR 2020 (arXiv:2002.06038); Henaff et al., NeurIPS 2022 (arXiv:2210.05805)",
        tags=("exploration",),
    )
    yield Descriptor(
        "rnd",
        "marl_rewards.rnd:RND",
        "Random network distillation: pays for observations unlike those so far",
        params="marl_rewards.rnd:Params",
        source="Burda et al., ICLR 2019 (arXiv:1810.12894)",
        tags=("exploration", "learns"),
    )


def from_preferences() -> Iterable[Descriptor]:
    """What somebody prefers."""
    yield Descriptor(
        "bradley_terry",
        "marl_rewards.preferences.bradley_terry:BradleyTerry",
        "A reward learned from which of two segments a judge, or people, prefer",
        params="marl_rewards.preferences.bradley_terry:Params",
        source="Christiano et al., NeurIPS 2017 (arXiv:1706.03741)",
        tags=("preferences", "learns"),
    )
    yield Descriptor(
        "reed",
        "marl_rewards.preferences.reed:REED",
        "Learned from preferences, by a model that also learns what comes next, from all that was played",
        params="marl_rewards.preferences.reed:REEDParams",
        source="Metcalf et al. (REED), arXiv:2211.06527",
        tags=("preferences", "learns"),
    )
    yield Descriptor(
        "hindsight_prior",
        "marl_rewards.preferences.hindsight_prior:HindsightPrior",
        "Learned from preferences, with the reward on those turns that mattered for how a segment went on",
        params="marl_rewards.preferences.hindsight_prior:HindsightPriorParams",
        source="Verma, Metcalf (Hindsight PRIOR), ICLR 2024 (arXiv:2404.08828)",
        tags=("preferences", "learns"),
    )
    yield Descriptor(
        "debate",
        "marl_rewards.preferences.debate:Debate",
        "How well an action can be justified by a few facts, in a debate that a judge decides",
        params="marl_rewards.preferences.debate:Params",
        source="Sukovic, Radanovic, ICLR 2024 (arXiv:2402.15826)",
        tags=("preferences", "learns"),
    )
    yield Descriptor(
        "oni",
        "marl_rewards.preferences.oni:ONI",
        "What an annotator says of what was seen, a script or a program that nobody waits for",
        params="marl_rewards.preferences.oni:Params",
        source="Zheng et al. (ONI), arXiv:2410.23022",
        tags=("exploration", "learns"),
    )


@hookimpl
def marl_losses() -> Iterable[Descriptor]:
    """Auxiliary tasks."""
    yield Descriptor(
        "reward_prediction",
        "marl_rewards.auxiliary.reward_prediction:RewardPrediction",
        "Features and the action say whether a turn pays above, about or below 0",
        params="marl_rewards.auxiliary.reward_prediction:Params",
        source="Jaderberg et al. (UNREAL), ICLR 2017; Moschopoulos et al. (Lucy-SKG), arXiv:2305.15801",
    )
    yield Descriptor(
        "spr",
        "marl_rewards.auxiliary.spr:SPR",
        "Features and the action say what the features of the next observation will be",
        params="marl_rewards.auxiliary.spr:Params",
        source="Schwarzer et al. (SPR), ICLR 2021 (arXiv:2007.05929)",
    )
    yield Descriptor(
        "achievements",
        "marl_rewards.auxiliary.achievements:Achievements",
        "Features and the action say which gain comes next in the match",
        params="marl_rewards.auxiliary.achievements:Params",
        source="Moon et al., NeurIPS 2023 (arXiv:2307.03486)",
    )


@hookimpl
def marl_report_sections() -> Iterable[Descriptor]:
    """What reports say of rewards."""
    yield Descriptor("rewards", "marl_rewards.lab.run_section:sections", "alarms, contributions, slices and ablations")


@hookimpl
def marl_commands() -> Iterable[Descriptor]:
    """`marl rewards ...`."""
    yield Descriptor(
        "rewards", "marl_rewards.lab.commands:app", "Look into rewards: plot, analyze, ablate; and judge clips."
    )
