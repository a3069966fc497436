from __future__ import annotations

from functools import partial

from marl.testing import conformance_tests
from marl_coop.overcooked.game import Overcooked, OvercookedParams
from marl_coop.particles.speaker_listener import SpeakerListener, SpeakerListenerParams
from marl_coop.particles.spread import Spread, SpreadParams
from marl_coop.stages import Stages, StagesParams
from marl_coop.warehouse import Warehouse, WarehouseParams

SMALL = "XPXOX\nX1 2X\nX 3 X\nXDXSX"
GAMES = {
    "overcooked": partial(Overcooked, params=OvercookedParams(steps=30)),
    "overcooked(features)": partial(
        Overcooked, params=OvercookedParams("counter_circuit", "features", automatic=False, steps=20)
    ),
    "overcooked_for_three": partial(Overcooked, params=OvercookedParams(SMALL, cook_time=2, steps=25)),
}

CHANCE = {
    "spread": partial(Spread, params=SpreadParams(agents=4, steps=12)),
    "speaker_listener": partial(SpeakerListener, params=SpeakerListenerParams(steps=12)),
    "stages": partial(Stages, params=StagesParams(rooms=2, size=3, agents=3, bait=0.25, steps=40)),
    "warehouse": partial(Warehouse, params=WarehouseParams(agents=3, height=2, steps=20)),
}

test_conformance = conformance_tests(GAMES, chance=False)
test_conformance_of_games_of_chance = conformance_tests(CHANCE, chance=True)
