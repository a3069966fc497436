"""What the plugin registers. Importing this file imports neither torch nor numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

_YANG = "Yang et al., Mean field multi-agent reinforcement learning, ICML 2018"
_SUAREZ = "Suarez et al., Neural MMO: a massively multiagent game environment, 2019 (arXiv:1903.00784)"
_MAGENT = "Zheng et al., MAgent: a many-agent reinforcement learning platform, AAAI 2018"


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """Worlds of many agents, all of which show mean actions."""
    yield Descriptor(
        "ising",
        "marl_manyagent.ising:Ising",
        "The Ising model: agents on a torus choose spins, and earn the energy that they save",
        params="marl_manyagent.ising:IsingParams",
        source=_YANG,
        tags=("simultaneous", "team", "chance", "many"),
    )
    yield Descriptor(
        "battle",
        "marl_manyagent.battle.battle:Battle",
        "Two armies on a grid, up to thousands of soldiers each, who move, strike and die",
        params="marl_manyagent.battle.battle:BattleParams",
        source=_MAGENT,
        tags=("simultaneous", "team", "chance", "many"),
    )
    yield Descriptor(
        "magent2",
        "marl_manyagent.magent2:MAgent2",
        "MAgent2's battle, gather and adversarial pursuit",
        params="marl_manyagent.magent2:MAgent2Params",
        source=_MAGENT,
        tags=("simultaneous", "team", "chance", "many"),
    )

    yield Descriptor(
        "foraging_world",
        "marl_manyagent.foraging_world.foraging_world:ForagingWorld",
        "A world of tiles in which hundreds of agents forage, drink, fight, die and are born within a match",
        params="marl_manyagent.foraging_world.params:ForagingParams",
        source=_SUAREZ,
        tags=("simultaneous", "team", "chance", "many", "births"),
    )


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Mean-field learning."""
    yield Descriptor(
        "mfq",
        "marl_manyagent.mfq:MFQ",
        "mean-field Q-learning: values of actions given what neighbours do on average, Boltzmann policies",
        params="marl_manyagent.params:MFQParams",
        source=_YANG,
        tags=("networks", "replay", "many"),
    )
    yield Descriptor(
        "mfac",
        "marl_manyagent.mfac:MFAC",
        "mean-field actor-critic: a critic that sees what neighbours do on average",
        params="marl_manyagent.params:MFACParams",
        source=_YANG,
        tags=("networks", "many"),
    )


@hookimpl
def marl_models() -> Iterable[Descriptor]:
    """The network of independent learners, and one for structured observations."""
    yield Descriptor(
        "independent",
        "marl_manyagent.independent:independent",
        "dense layers that do not see what neighbours did: for independent learners",
        params="marl_manyagent.params:IndependentParams",
        tags=(),
    )
    yield Descriptor(
        "entities",
        "marl_manyagent.entities:entities",
        "tiles, a list of entities of any number, and an agent itself: for structured observations",
        params="marl_manyagent.params:EntitiesParams",
        tags=(),
    )


@hookimpl
def marl_policies() -> Iterable[Descriptor]:
    """What learners are compared with."""
    yield Descriptor(
        "heat_bath",
        "marl_manyagent.heat_bath:HeatBath",
        "The Ising model's exact sampler, at a temperature",
        params="marl_manyagent.heat_bath:HeatBathParams",
        source="Glauber, Time-dependent statistics of the Ising model, 1963",
        tags=("scripted",),
    )
    yield Descriptor(
        "forager",
        "marl_manyagent.foraging_world.forager:Forager",
        "A scripted forager: the shortest way to the food or water that it needs more, and no fights",
        params="marl_manyagent.foraging_world.forager:ForagerParams",
        tags=("scripted",),
    )


@hookimpl
def marl_commands() -> Iterable[Descriptor]:
    """`marl manyagent ...`."""
    yield Descriptor(
        "manyagent",
        "marl_manyagent.commands:app",
        "See many agents: order parameters over time, the Ising model against temperature.",
    )
