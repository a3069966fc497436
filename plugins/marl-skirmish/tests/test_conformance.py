from __future__ import annotations

from functools import partial

from marl.testing import conformance_tests
from marl_skirmish.cooperative import Cooperative, CooperativeParams
from marl_skirmish.two_team import TwoTeam, TwoTeamParams

GAMES = {
    "3m": partial(Cooperative, params=CooperativeParams(enemies="2 zergling")),
    "terran": partial(Cooperative, params=CooperativeParams("5gen_terran", "kite", "sparse", "2", "3")),
    "two_team": partial(TwoTeam, params=TwoTeamParams(units="1 stalker, 1 baneling")),
    "two_team(reward=shaped)": partial(TwoTeam, params=TwoTeamParams("3m", "shaped", "2 zergling")),
}

test_conformance = conformance_tests(GAMES, chance=True, ticks=60)
