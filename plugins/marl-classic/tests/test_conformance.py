from __future__ import annotations

from functools import partial

import pytest

from marl.env import Environment
from marl.registry import ENVIRONMENTS, load_registry
from marl.testing import Reference, check_environment, conformance_tests
from marl_classic.connect_four import ConnectFour, ConnectFourParams
from marl_classic.deep_sea import DeepSea
from marl_classic.foraging import Foraging, ForagingParams
from marl_classic.kuhn_poker import KuhnParams, KuhnPoker
from marl_classic.leduc_poker import LeducPoker
from marl_classic.matrix import MatrixParams, matrix
from marl_classic.rooms import Rooms
from marl_classic.team_matrix import TeamMatrix
from marl_classic.tech_tree import TechTree, TechTreeParams
from marl_classic.tic_tac_toe import TicTacToe
from marl_classic.two_step import TwoStep
from marl_classic.whispers import Whispers

THREE = [[[[a, b], [b, a]], [[b, a], [a, b]]] for a, b in ((0, 1), (2, 3), (1, 0))]
GAMES = {
    "rock_paper_scissors": partial(matrix, params=MatrixParams(game="rock_paper_scissors")),
    "stag_hunt": partial(matrix, params=MatrixParams(game="stag_hunt")),
    "repeated_dilemma": partial(matrix, params=MatrixParams(game="prisoners_dilemma", rounds=4)),
    "two_groups": partial(matrix, params=MatrixParams(payoffs=[[1, 2, 3], [4, 5, 6]])),
    "three_players": partial(
        matrix, params=MatrixParams(payoffs=[[[[a, b], [b, a]], [[b, a], [a, b]]] for a, b in ((0, 1), (2, 3), (1, 0))])
    ),
    "tic_tac_toe": TicTacToe,
    "connect_four": ConnectFour,
    "two_step": TwoStep,
    "deep_sea": DeepSea,
    "climbing": TeamMatrix,
    "connect_four(view=own)": partial(ConnectFour, params=ConnectFourParams(view="own")),
    "connect_four(first=drawn)": partial(ConnectFour, params=ConnectFourParams(view="own", first="drawn")),
}
CARDS = {
    "kuhn": KuhnPoker,
    "kuhn_for_three": partial(KuhnPoker, params=KuhnParams(players=3)),
    "leduc": LeducPoker,
    "rooms": Rooms,
    "tech_tree": partial(TechTree, params=TechTreeParams(ticks=20)),
    "foraging": Foraging,
    "whispers": Whispers,
    "foraging_for_three": partial(Foraging, params=ForagingParams(size=6, players=3, sight=2, masks=True, steps=20)),
}

test_conformance = conformance_tests(GAMES)
test_conformance_of_games_of_chance = conformance_tests(CARDS, chance=True)


@pytest.mark.parametrize(
    ("game", "twin"),
    [
        ("rock_paper_scissors", "matrix_rps"),
        ("stag_hunt", "matrix_sh"),
        ("tic_tac_toe", "tic_tac_toe"),
        ("connect_four", "connect_four"),
    ],
)
def test_the_adapted_openspiel_game_is_the_same_game(game: str, twin: str) -> None:
    pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")
    pytest.importorskip("marl_openspiel", reason="marl-openspiel is not installed: nothing to compare with")
    registry = load_registry()

    def adapted(lanes: int) -> Environment:
        return registry.make(ENVIRONMENTS, f"openspiel/{twin}", {}, lanes=lanes)

    (result,) = check_environment(GAMES[game], reference=Reference(adapted), only=["reference"]).results
    assert result.status == "pass", result.text()
