"""What the plugin registers. Importing this file imports no game and no numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """Cooperative games, vectorised."""
    yield Descriptor(
        "overcooked",
        "marl_coop.overcooked.game:Overcooked",
        "Overcooked: agents cook onion soups together, in the paper's five kitchens or any other",
        params="marl_coop.overcooked.game:OvercookedParams",
        source="Carroll et al., NeurIPS 2019; overcooked-ai 1.1.0",
        tags=("simultaneous", "team", "overcooked", "grid world"),
    )
    yield Descriptor(
        "warehouse",
        "marl_coop.warehouse:Warehouse",
        "A warehouse of robots that fetch requested shelves and put them back: RWARE",
        params="marl_coop.warehouse:WarehouseParams",
        source="Papoudakis et al., NeurIPS 2021; rware 2.0.0",
        tags=("simultaneous", "team", "chance", "rware", "grid world"),
    )
    yield Descriptor(
        "stages",
        "marl_coop.stages:Stages",
        "A diagnostic: rooms in a row that all agents open together, and a bait that pays less",
        params="marl_coop.stages:StagesParams",
        tags=("simultaneous", "team", "chance", "diagnostic", "grid world"),
    )
    yield Descriptor(
        "spread",
        "marl_coop.particles.spread:Spread",
        "Agents spread over as many landmarks and do not bump into each other: MPE's simple_spread",
        params="marl_coop.particles.spread:SpreadParams",
        source="Lowe et al., NeurIPS 2017; mpe2 1.1.1",
        tags=("simultaneous", "team", "chance", "mpe"),
    )
    yield Descriptor(
        "speaker_listener",
        "marl_coop.particles.speaker_listener:SpeakerListener",
        "One agent knows where the other should go, and may only speak: MPE's simple_speaker_listener",
        params="marl_coop.particles.speaker_listener:SpeakerListenerParams",
        source="Lowe et al., NeurIPS 2017; mpe2 1.1.1",
        tags=("simultaneous", "team", "chance", "mpe", "communication"),
    )
