"""What the plugin registers. Importing this file imports neither torch nor numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_rewards() -> Iterable[Descriptor]:
    """Potential-based shaping, team spirit, random network distillation."""
    yield Descriptor(
        "potential",
        "marl_rewards.potential:Potential",
        "Potential-based shaping: faster learning, and the same optimal policies",
        params="marl_rewards.potential:Params",
        source="Ng, Harada, Russell, ICML 1999",
        tags=("shaping",),
    )
    yield Descriptor(
        "team_spirit",
        "marl_rewards.team_spirit:TeamSpirit",
        "What an agent earns blended with its team's mean, less the opponents' mean if wanted",
        params="marl_rewards.team_spirit:Params",
        source="OpenAI et al., arXiv:1912.06680; Moschopoulos et al. (Lucy-SKG), arXiv:2305.15801",
        tags=("teams",),
    )
    yield Descriptor(
        "rnd",
        "marl_rewards.rnd:RND",
        "Random network distillation: pays for observations unlike those so far",
        params="marl_rewards.rnd:Params",
        source="Burda et al., ICLR 2019 (arXiv:1810.12894)",
        tags=("exploration", "learns"),
    )
