"""MCTS finds what is there to be found, plays anything that can be searched, and says what cannot."""

from __future__ import annotations

import numpy as np
import pytest

from marl import rng
from marl.arena import Arena, Pairings
from marl.errors import UserError
from marl.policies.first import First
from marl.policies.random import Random
from marl.registry import ENVIRONMENTS, POLICIES, load_registry
from marl_search.game import Facts
from marl_search.mcts import MCTS
from marl_search.params import MCTSParams
from marl_search.playouts import Playouts
from marl_search.rules import UCT
from marl_search.search import Search

pytest.importorskip("marl_classic")
pytest.importorskip("marl_openspiel")
BOARDS = [(0, 1, 4), (4, 0, 8, 2), (1, 0, 4, 7, 3)]


@pytest.mark.parametrize("name", ["classic/tic_tac_toe", "openspiel/tic_tac_toe"])
@pytest.mark.parametrize("moves", BOARDS)
def test_what_is_proven_is_what_perfect_play_comes_to(name: str, moves: tuple[int, ...], position, minimax) -> None:
    environment, rows = position(name, moves)
    facts = Facts(environment.spec, "this test")
    search = Search(facts, UCT(2.0), Playouts(facts), 3000, prove=True)
    found = search(rows, environment, rng.mix(3, np.arange(1)))
    board = ["."] * 9
    for number, cell in enumerate(moves):
        board[cell] = "xo"[number % 2]
    trees = search._trees
    mover = "xo"[len(moves) % 2]
    after = list(board)
    after[found.action[0]] = mover
    assert -minimax("".join(after)) == minimax("".join(board))
    proven = trees.proven[0]
    for cell in np.flatnonzero(~np.isnan(proven)):
        tried = list(board)
        tried[cell] = mover
        assert proven[cell] == -minimax("".join(tried))
    if len(moves) >= 4:
        assert trees.outcome[0, len(moves) % 2] == minimax("".join(board))  # all of it was searched


def returns_in_tic_tac_toe(simulations: int, lineups: list[tuple[int, int]], count: int) -> np.ndarray:
    environment = load_registry().make(ENVIRONMENTS, "classic/tic_tac_toe", {}, lanes=count * len(lineups))
    policies = [MCTS(environment.spec, params=MCTSParams(simulations, exploration=1.0)), Random(environment.spec)]
    return Arena(environment).play(policies, Pairings.repeat(lineups, count, seed=1)).returns


def test_it_never_loses_tic_tac_toe() -> None:
    returns = returns_in_tic_tac_toe(200, [(0, 1), (1, 0)], 8)
    assert (returns[:8, 0] >= 0).all() and (returns[8:, 1] >= 0).all() and returns[:8, 0].mean() > 0.8


@pytest.mark.slow
def test_it_never_loses_tic_tac_toe_to_itself() -> None:
    assert (returns_in_tic_tac_toe(2000, [(0, 0)], 20) == 0).all()


@pytest.mark.parametrize("name", ["classic/connect_four", "openspiel/connect_four"])
@pytest.mark.parametrize(
    "moves, right",
    [((3, 0, 3, 0, 3, 1), 3), ((0, 6, 1, 6, 2, 5), 3), ((3, 0, 3, 0, 3), 3), ((6, 0, 6, 1, 5, 2), 3)],
    ids=["wins upwards", "wins sideways", "blocks upwards", "blocks sideways"],
)
def test_it_wins_and_blocks_in_one(name: str, moves: tuple[int, ...], right: int, position, move) -> None:
    environment, rows = position(name, moves)
    policy = MCTS(environment.spec, params=MCTSParams(60))
    assert [move(policy, environment, rows, key) for key in range(2)] == [right] * 2


def test_three_players_want_most_for_themselves(stones) -> None:
    policy = MCTS(stones.spec, params=MCTSParams(300))
    turn = stones.reset(np.arange(4), rng.mix(1, np.arange(4)))
    heaps = []
    for _ in range(9):
        rows = next(one for one in turn if one is not None)
        heaps.append(int(rows.observation[0, 0]))
        acts = policy.search(rows, stones, rng.mix(2, np.arange(4)))
        if heaps[-1] <= 2:
            assert (acts.action == heaps[-1] - 1).all() and (acts.value > 0.9).all()  # who can take the last, does
        actions = [acts.action if one is not None else None for one in turn]
        step = stones.step(np.arange(4), actions)
        turn = step.turn
        if step.done.all():
            break
    assert step.done.all() and heaps[0] == 7


@pytest.mark.parametrize(
    "name, parameters",
    [("breakthrough", {"rows": 5, "columns": 4}), ("hex", {"board_size": 4})],
    ids=["breakthrough", "hex"],
)
def test_it_plays_other_games(name: str, parameters: dict[str, int]) -> None:
    environment = load_registry().make(ENVIRONMENTS, f"openspiel/{name}", {"parameters": parameters}, lanes=4)
    policies = [MCTS(environment.spec, params=MCTSParams(8)), Random(environment.spec)]
    results = Arena(environment).play(policies, Pairings.repeat([(0, 1), (1, 0)], 2, seed=1))
    assert (results.fault == -1).all() and (results.returns[:2, 0] + results.returns[2:, 1]).mean() > 0


def test_a_match_does_not_depend_on_its_lane_and_leaves_no_trace() -> None:
    def lengths(lanes: int) -> list[int]:
        environment = load_registry().make(ENVIRONMENTS, "classic/tic_tac_toe", {}, lanes=lanes)
        policy = MCTS(environment.spec, params=MCTSParams(4))
        return Arena(environment).play([policy], Pairings.repeat([(0, 0)], 3, seed=3)).length.tolist()

    assert lengths(1) == lengths(3)


@pytest.mark.parametrize(
    "name, words",
    [
        ("classic/kuhn_poker", "something is hidden"),
        ("classic/rock_paper_scissors", "several act at the same time"),
        ("openspiel/pig", "chance decides too"),
        ("classic/rooms", "something is hidden"),
    ],
)
def test_it_says_what_it_cannot_search(name: str, words: str) -> None:
    registry = load_registry()
    spec = registry.make(ENVIRONMENTS, name, {}, lanes=1).spec
    with pytest.raises(UserError, match=words):
        registry.make(POLICIES, "search/mcts", {}, spec=spec)


def test_who_begins_may_be_drawn() -> None:
    game = load_registry().make(ENVIRONMENTS, "classic/connect_four", {"view": "own", "first": "drawn"}, lanes=8)
    lanes, policy = np.arange(8), MCTS(game.spec, params=MCTSParams(60))
    (rows,) = game.reset(lanes, rng.mix(1, lanes))
    assert 0 < rows.agent.sum() < 8
    for column in (3, 0, 3, 0, 3, 1):
        (rows,) = game.step(lanes, [np.full(8, column)]).turn
    assert (policy.search(rows, game, rng.mix(2, lanes)).action == 3).all()


def test_it_refuses_to_search_by_what_it_sees_alone(position) -> None:
    environment, rows = position("classic/tic_tac_toe", ())
    with pytest.raises(UserError, match="no more than a player sees"):
        MCTS(environment.spec).act(rows, None, rng.mix(1, np.arange(1)))


def test_a_referee_lends_the_match_too() -> None:
    from league.referee import Match, Referee
    from league.referee.policy import PolicyPlayer

    def play() -> list[dict]:
        environment = load_registry().make(ENVIRONMENTS, "classic/connect_four", {}, lanes=1)
        mine = PolicyPlayer("mcts", MCTS(environment.spec, params=MCTSParams(20)))
        other = PolicyPlayer("first", First(environment.spec))
        referee = Referee(environment, "classic/connect_four")
        (record,) = referee.play([Match("one", [mine, other], 5)])
        assert record.verdicts[0].value == "win" and not record.void
        return record.replay.ticks

    assert play() == play()
