"""What the plugin registers. Importing this file imports neither torch nor Ray."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

_ALGORITHMS = (
    (
        "mappo",
        "mappo:MAPPO",
        "PPO for each agent of a team, with a critic that sees the true state",
        "Yu et al., The surprising effectiveness of PPO in cooperative multi-agent games, NeurIPS 2022",
    ),
    (
        "ippo",
        "ippo:IPPO",
        "MAPPO whose critic sees no more than each agent does",
        "de Witt et al., Is independent learning all you need in the StarCraft multi-agent challenge?, 2020",
    ),
    (
        "mat",
        "mat:MAT",
        "a transformer plays the whole team: each agent knows what those before it have chosen",
        "Wen et al., Multi-agent reinforcement learning is a sequence modeling problem, NeurIPS 2022",
    ),
    (
        "bnac",
        "bnac:BNAC",
        "MAPPO whose agents go by what others chose, along a learned graph whose edges are removed in training",
        "Chen and Zhang, Context-aware Bayesian network actor-critic methods for cooperative multi-agent RL, ICML 2023",
    ),
    (
        "happo",
        "happo:HAPPO",
        "MAPPO whose agents are updated one after the other, each knowing how those before it have changed",
        "Kuba et al., Trust region policy optimisation in multi-agent reinforcement learning, ICLR 2022",
    ),
    (
        "hatrpo",
        "hatrpo:HATRPO",
        "HAPPO whose agents take natural gradients, as far as a divergence allows",
        "Kuba et al., Trust region policy optimisation in multi-agent reinforcement learning, ICLR 2022",
    ),
    (
        "coma",
        "coma:COMA",
        "each agent learns by how much better its action was than its others would have been, all else being equal",
        "Foerster et al., Counterfactual multi-agent policy gradients, AAAI 2018",
    ),
    (
        "maddpg",
        "maddpg:MADDPG",
        "policies follow the gradient of a critic of joint actions, through their own action alone",
        "Lowe et al., Multi-agent actor-critic for mixed cooperative-competitive environments, NeurIPS 2017",
    ),
    (
        "mardpg",
        "mardpg:MARDPG",
        "MADDPG whose agents remember, and send each other messages",
        "Feng et al., Learning to collaborate: multi-scenario ranking via multi-agent reinforcement learning, WWW 2018",
    ),
    (
        "facmac",
        "facmac:FACMAC",
        "policies follow, all together, the gradient of a critic that is mixed monotonically from agents' utilities",
        "Peng et al., FACMAC: Factored multi-agent centralised policy gradients, NeurIPS 2021",
    ),
    (
        "masac",
        "masac:MASAC",
        "returns and entropy together, by twin critics of joint actions and a learned temperature",
        "Haarnoja et al., Soft actor-critic algorithms and applications, 2018",
    ),
)
_REPLAY = ("maddpg", "mardpg", "facmac", "masac")


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Algorithms for teams."""
    for name, target, summary, source in _ALGORITHMS:
        own = target.split(":")[1]
        yield Descriptor(
            name,
            f"marl_ctde.{target}",
            summary,
            params=f"marl_ctde.params:{own}Params",
            source=source,
            tags=("networks", "replay", "teams") if name in _REPLAY else ("networks", "teams"),
        )


@hookimpl
def marl_team_models() -> Iterable[Descriptor]:
    """What lets agents of a team hear or see what teammates do."""
    yield Descriptor(
        "messages",
        "marl_ctde.messages:Messages",
        "Agents remember, and hear numbers that teammates said a turn before",
        params="marl_ctde.messages:MessagesParams",
        source="Feng et al., Learning to collaborate, WWW 2018",
    )
    yield Descriptor(
        "transformer",
        "marl_ctde.transformer:Transformer",
        "Agents see what all see, and know what those before them have chosen",
        params="marl_ctde.transformer:TransformerParams",
        source="Wen et al., Multi-agent reinforcement learning is a sequence modeling problem, NeurIPS 2022",
    )
    yield Descriptor(
        "bayesian_network",
        "marl_ctde.bayesian:BayesianNetwork",
        "Agents know what others have chosen, along a graph without cycles that follows from what all see",
        source="Chen and Zhang, Context-aware Bayesian network actor-critic methods, ICML 2023",
    )
