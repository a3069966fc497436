from __future__ import annotations

from functools import partial

import pytest

from marl.testing import conformance_tests
from marl_pettingzoo import games
from marl_pettingzoo.params import AnyParams, Params


def _named(*names, **parameters):
    return {name: partial(games.make, name, params=Params(parameters=parameters)) for name in names}


def _tiny(*names):
    return {name: partial(games.any_game, params=AnyParams(target=f"marl_pettingzoo_tiny:{name}")) for name in names}


CHANCE = {
    **_named("leduc_holdem", "texas_holdem", "texas_holdem_no_limit", "hanabi"),
    **_named("simple_spread", "simple_tag", "simple_crypto", "simple_speaker_listener"),
    **_named("knights_archers_zombies", max_cycles=80),
    **_named("multiwalker", max_cycles=40),
    **_tiny("Mixed", "Late", "Odd"),
    "continuous": partial(games.make, "simple_push", params=Params(parameters={"continuous_actions": True})),
    "falling": partial(games.make, "simple_adversary", params=Params(teams="each", max_length=10)),
}
OTHERS = {**_named("connect_four", "tictactoe", "rps"), **_named("go", board_size=5), **_tiny("Absent", "Turns")}
LONG = {
    **_named("simple", "simple_adversary", "simple_formation", "simple_line", "simple_push", "simple_reference"),
    **_named("simple_world_comm", "collect_treasure"),
    **_named("cooperative_pong", "pursuit", max_cycles=20),
    **_named("pistonball", max_cycles=20, n_pistons=3),
}

test_conformance = conformance_tests(OTHERS, matches=3, ticks=60, chance=False)
test_conformance_of_games_of_chance = conformance_tests(CHANCE, matches=3, ticks=100, chance=True)
test_conformance_of_slower_environments = pytest.mark.slow(conformance_tests(LONG, matches=3, ticks=25, chance=True))
test_conformance_of_chess = pytest.mark.slow(conformance_tests(_named("chess"), matches=3, ticks=40, chance=False))
