"""What the plugin registers. Importing this file imports neither numpy nor torch."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"
_SOURCE = "Wang et al., Multi-task multi-agent shared layers are universal cognition of multi-agent coordination, 2023"

_MRA = "Zhang, Shen and Han, Learning meta representations for agents in multi-agent reinforcement learning, 2021"


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """Several environments as one."""
    yield Descriptor(
        "several",
        "marl_multitask.several:several",
        "Several environments as one: each match is of one of them, its task",
        params="marl_multitask.params:SeveralParams",
        tags=("team", "tasks", "multi-task"),
    )
    yield Descriptor(
        "resources",
        "marl_multitask.resources:Resources",
        "Everybody goes to one of a few resources, and shares it with all who come; any number of agents",
        params="marl_multitask.params:ResourcesParams",
        source=_MRA,
        tags=("tasks", "populations", "general-sum"),
    )


@hookimpl
def marl_models() -> Iterable[Descriptor]:
    """Networks with layers for each task and layers for all."""
    yield Descriptor(
        "shared",
        "marl_multitask.shared:shared",
        "each task perceives by layers of its own; layers that all share decide",
        params="marl_multitask.params:SharedParams",
        source=_SOURCE,
        tags=("multi-task",),
    )
    yield Descriptor(
        "relations",
        "marl_multitask.relations:relations",
        "agents attend to any number of others, in one of several modes that is drawn by how many they are",
        params="marl_multitask.params:RelationsParams",
        source=_MRA,
        tags=("populations",),
    )


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """What learns a game at several sizes."""
    yield Descriptor(
        "mra",
        "marl_multitask.mra:MRA",
        "PPO of a set of policies that plays a game at any number of agents, met or not",
        params="marl_multitask.params:MRAParams",
        source=_MRA,
        tags=("networks", "populations"),
    )
