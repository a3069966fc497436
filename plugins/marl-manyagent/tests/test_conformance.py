from __future__ import annotations

from functools import partial

from marl.testing import conformance_tests
from marl_manyagent.battle.battle import Battle, BattleParams
from marl_manyagent.ising import Ising, IsingParams

GAMES = {
    "ising": partial(Ising, params=IsingParams(size=4, max_length=12)),
    "battle": partial(Battle, params=BattleParams(soldiers=6, size=10, view=2, neighbourhood=3, max_length=40)),
}

test_conformance = conformance_tests(GAMES, chance=True, ticks=60)
