from __future__ import annotations

from collections.abc import Callable
from functools import partial

from marl.env import Environment
from marl.testing import conformance_tests
from marl_carball.carball import Params
from marl_carball.cooperative import Cooperative, CooperativeParams
from marl_carball.two_team import TwoTeam

GAMES: dict[str, Callable[[int], Environment]] = {
    "two_team": partial(TwoTeam, params=Params(ticks=12, hold=3)),
    "cooperative(team=2, control=continuous)": partial(
        Cooperative, params=CooperativeParams(2, "continuous", 10, opponent="random")
    ),
}

test_conformance = conformance_tests(GAMES, chance=True, ticks=20)
