"""The conformance checks of marl on a representative set, and (slow) on every game that does not take long to deal."""

from __future__ import annotations

from functools import partial

import pytest

from marl.testing import check_environment, conformance_tests
from marl_openspiel import games
from marl_openspiel.catalogue import listed

SET = (
    "kuhn_poker",  # chance, imperfect information, exact
    "leduc_poker",
    "connect_four",  # perfect information
    "backgammon",  # chance between moves
    "goofspiel",  # simultaneous, with chance
    "matching_pennies_3p",  # one shot, three players
    "laser_tag",  # simultaneous, rewards on the way
    "pathfinding",  # simultaneous with one player
    "2048",  # one player, rewards on the way
    "cribbage",  # texts, rewards on the way
    "coin_game",  # texts
    "hanabi",  # cooperative
    "tarok",  # draws its own chance
    "crazy_eights",  # five players
)
SLOW_TO_DEAL = {"bridge", "bridge_uncontested_bidding"}

test_conformance = conformance_tests({name: partial(games.make, name) for name in SET}, matches=3, ticks=120)


@pytest.mark.slow
@pytest.mark.parametrize("name", [game.name for game in listed() if game.name not in SLOW_TO_DEAL])
def test_every_game_conforms(name):
    report = check_environment(partial(games.make, name), matches=3, ticks=40)
    assert not [result for result in report.results if result.status in ("fail", "warn")], report.text()
