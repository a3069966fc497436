"""What the plugin registers. Importing this file imports neither torch nor numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

_CUI = (
    "Cui et al., Learning decentralized partially observable mean field control for artificial collective behavior, "
    "ICLR 2024"
)
_TAGS = ("simultaneous", "team", "chance", "many")


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """Swarms."""
    yield Descriptor(
        "kuramoto",
        "marl_swarm.kuramoto:Kuramoto",
        "Kuramoto's oscillators: each has its own frequency and sees those near; they must fall into step",
        params="marl_swarm.kuramoto:KuramotoParams",
        source="Kuramoto, Self-entrainment of a population of coupled non-linear oscillators, 1975",
        tags=_TAGS,
    )
    yield Descriptor(
        "vicsek",
        "marl_swarm.vicsek:Vicsek",
        "Vicsek's flock: birds on a torus see which way those near fly; they must fly the same way",
        params="marl_swarm.vicsek:VicsekParams",
        source="Vicsek et al., Novel type of phase transition in a system of self-driven particles, PRL 75, 1995",
        tags=_TAGS,
    )


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Mean-field control."""
    yield Descriptor(
        "dec_pomfppo",
        "marl_swarm.dec_pomfppo:DecPOMFPPO",
        "PPO over decision rules that all agents share; in the end each acts by what it sees itself",
        params="marl_swarm.params:DecPOMFPPOParams",
        source=_CUI,
        tags=("networks", "many"),
    )


@hookimpl
def marl_policies() -> Iterable[Descriptor]:
    """Who plays swarms."""
    yield Descriptor(
        "decentralised",
        "marl_swarm.decentralised:Decentralised",
        "What swarm/dec_pomfppo learned: a decision rule for each tick",
        source=_CUI,
    )
    yield Descriptor(
        "align",
        "marl_swarm.align:Align",
        "Everybody turns towards where those around it point",
        params="marl_swarm.align:AlignParams",
        tags=("scripted",),
    )
