"""Games that say that their sides can be exchanged: it is so, and those where it is not do not say it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from marl.testing import check_environment
from marl_openspiel import games
from marl_openspiel.describe import SYMMETRIC
from marl_openspiel.params import GameParams

SMALL = {"num_cards": 3, "points_order": "descending"}
GAMES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in sorted(SYMMETRIC)),
    ("blotto", {"players": 3, "coins": 4}),
    ("goofspiel", SMALL),
    ("goofspiel", {"num_cards": 3}),
    ("goofspiel", {**SMALL, "imp_info": True, "egocentric": True}),
]


def make(name: str, parameters: dict[str, Any]) -> Any:
    return partial(games.make, name, params=GameParams(parameters))


@pytest.mark.parametrize(("name", "parameters"), GAMES)
def test_sides_can_be_exchanged(name: str, parameters: dict[str, Any]) -> None:
    (result,) = check_environment(make(name, parameters), only=["symmetric"]).results
    assert result.status == "pass", result.text()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("matrix_mp", {}),
        ("kuhn_poker", {}),
        ("goofspiel", {**SMALL, "imp_info": True}),
        ("goofspiel", {**SMALL, "players": 3}),
    ],
)
def test_others_do_not_say_so(name: str, parameters: dict[str, Any]) -> None:
    assert not make(name, parameters)(1).spec.symmetric
