"""What the plugin registers. Importing this file imports no game and no numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

_LUCY = "after Rocket League, as in Moschopoulos et al., Lucy-SKG, arXiv:2305.15801"
_SCRIPTS = {
    "idle": "Carball: does nothing",
    "chaser": "Carball: drives at the ball, wherever that sends it",
    "keeper": "Carball: stays before its goal, and clears what comes near",
    "aimer": "Carball: goes round the ball first, and drives it at the goal",
    "striker": "Carball: as the aimer, at where the ball will be, and boosts",
    "rotation": "Carball: a team of a striker, a keeper and one who follows; alone, the striker",
}


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """Car soccer, in two modes."""
    yield Descriptor(
        "cooperative",
        "marl_carball.cooperative:Cooperative",
        "Car soccer, 1v1 to 3v3: a team of agents plays against a script",
        params="marl_carball.cooperative:CooperativeParams",
        source=_LUCY,
        tags=("simultaneous", "team", "chance", "physics"),
    )
    yield Descriptor(
        "two_team",
        "marl_carball.two_team:TwoTeam",
        "Car soccer, 1v1 to 3v3: two teams that are alike; each is a side, and may learn",
        params="marl_carball.carball:Params",
        source=_LUCY,
        tags=("simultaneous", "team", "chance", "physics", "zero-sum"),
    )


@hookimpl
def marl_policies() -> Iterable[Descriptor]:
    """The scripts, by what their cars observe."""
    for name, summary in _SCRIPTS.items():
        yield Descriptor(name, f"marl_carball.policies:{name}", summary, tags=("scripted",))
