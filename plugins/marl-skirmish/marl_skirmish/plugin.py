"""What the plugin registers. Importing this file imports no game and no numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

_SMAC = "Samvelyan et al., AAMAS 2019; Ellis et al., SMACv2, NeurIPS 2023"
_SCRIPTS = {
    "idle": "Skirmish: stands still and suffers",
    "hold": "Skirmish: stands where it is, and attacks who comes near",
    "nearest": "Skirmish: goes for the nearest enemy, as SMAC's opponents do",
    "focus": "Skirmish: goes for the weakest enemy in reach",
    "kite": "Skirmish: as focus, and steps back while it cannot shoot",
    "retreat": "Skirmish: as focus, and who is hurt badly goes away",
    "swarm": "Skirmish: as focus, and waits until the team is together",
}


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """Combat of teams, in two modes."""
    yield Descriptor(
        "cooperative",
        "marl_skirmish.cooperative:Cooperative",
        "A team fights a scripted one, as in SMAC: 3m to 27m_vs_30m, mixed and drawn teams",
        params="marl_skirmish.cooperative:CooperativeParams",
        source=_SMAC,
        tags=("simultaneous", "team", "chance", "smac"),
    )
    yield Descriptor(
        "two_team",
        "marl_skirmish.two_team:TwoTeam",
        "Two teams that are alike fight each other: each is a side, and may learn",
        params="marl_skirmish.two_team:TwoTeamParams",
        source=_SMAC,
        tags=("simultaneous", "team", "chance", "smac", "zero-sum"),
    )


@hookimpl
def marl_policies() -> Iterable[Descriptor]:
    """The scripts, by what their units observe."""
    for name, summary in _SCRIPTS.items():
        yield Descriptor(name, f"marl_skirmish.policies:{name}", summary, tags=("scripted",))
