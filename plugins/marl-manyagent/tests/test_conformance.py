from __future__ import annotations

from functools import partial

import pytest

pytest.importorskip("magent2", reason="needs MAgent2")

from marl.testing import conformance_tests
from marl_manyagent.battle.battle import Battle, BattleParams
from marl_manyagent.foraging_world.foraging_world import ForagingWorld
from marl_manyagent.foraging_world.params import ForagingParams
from marl_manyagent.ising import Ising, IsingParams
from marl_manyagent.magent2 import MAgent2, MAgent2Params

GAMES = {
    "ising": partial(Ising, params=IsingParams(size=4, max_length=12)),
    "battle": partial(Battle, params=BattleParams(soldiers=3, size=8, view=2, neighbourhood=3, max_length=15)),
    "foraging_world": partial(ForagingWorld, params=ForagingParams(places=8, size=10, max_length=20)),
    "foraging_world of groups": partial(
        ForagingWorld, params=ForagingParams(places=6, size=10, populations=2, max_length=12, spawns=0.3)
    ),
    "foraging_world of rivals": partial(
        ForagingWorld, params=ForagingParams(places=6, size=10, populations=2, rivals=True, max_length=12, spawns=0.3)
    ),
}
MAGENT2 = {
    "battle": partial(MAgent2, params=MAgent2Params("battle", {"map_size": 12, "max_cycles": 10})),
    "pursuit": partial(MAgent2, params=MAgent2Params("adversarial_pursuit", {"map_size": 12, "max_cycles": 10})),
}

test_conformance = conformance_tests(GAMES, chance=True, ticks=40)
test_conformance_of_magent2 = conformance_tests(MAGENT2, ticks=12)
