from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from marl import tabular
from marl.errors import UserError
from marl.exact import SequenceForm
from marl.games.sequence import sequence_form
from marl_classic.kuhn_poker import KuhnParams, KuhnPoker
from marl_classic.leduc_poker import LeducPoker
from marl_classic.matrix import MatrixParams, matrix
from marl_classic.tic_tac_toe import TicTacToe


def uniform(form: SequenceForm) -> list[np.ndarray]:
    return [player.plan(player.uniform()) for player in form.players]


def first_legal(form: SequenceForm) -> list[np.ndarray]:
    return [player.plan(np.eye(player.mask.shape[1])[player.mask.argmax(axis=1)]) for player in form.players]


def zero_sum_value(form: SequenceForm) -> float:
    """The value for player 0 by the sequence-form linear program of Koller, Megiddo and von Stengel."""
    mine, theirs = form.players
    payoff = np.zeros((mine.sequences, theirs.sequences))
    np.add.at(payoff, (form.sequence[:, 0], form.sequence[:, 1]), form.payoff[:, 0])
    own, other = constraints(mine), constraints(theirs)
    right = np.eye(len(own))[0]
    # maximise the worth q_0 of the opponent's root, where its infosets' worths q bound x's payoff from below
    cost = np.concatenate([np.zeros(mine.sequences), -np.eye(len(other))[0]])
    above = np.hstack([-payoff.T, other.T])
    equal = np.hstack([own, np.zeros((len(own), len(other)))])
    bounds = [(0, None)] * mine.sequences + [(None, None)] * len(other)
    return -linprog(cost, above, np.zeros(len(above)), equal, right, bounds, method="highs").fun


def constraints(player) -> np.ndarray:
    rows = np.zeros((len(player.parent) + 1, player.sequences))
    rows[0, 0] = 1
    for i, (parent, start, size) in enumerate(zip(player.parent, player.start, player.size, strict=True)):
        rows[i + 1, parent] = -1
        rows[i + 1, start : start + size] = 1
    return rows


def test_nash_conv_of_uniform_and_of_always_folding() -> None:
    kuhn, leduc = KuhnPoker(1).sequence_form(), LeducPoker(1).sequence_form()
    assert kuhn.nash_conv(uniform(kuhn)) == pytest.approx(11 / 12)
    assert kuhn.nash_conv(first_legal(kuhn)) == pytest.approx(2)
    assert leduc.nash_conv(uniform(leduc)) == pytest.approx(4.747222222, abs=1e-9)
    assert leduc.nash_conv(first_legal(leduc)) == pytest.approx(2)


def test_values_of_the_poker_games() -> None:
    assert zero_sum_value(KuhnPoker(1).sequence_form()) == pytest.approx(-1 / 18)
    assert zero_sum_value(LeducPoker(1).sequence_form()) == pytest.approx(-0.0856064, abs=1e-6)


def test_information_sets_are_as_many_and_named_as_in_openspiel() -> None:
    pyspiel = pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")
    for game, name in (
        (KuhnPoker(1), "kuhn_poker"),
        (KuhnPoker(1, params=KuhnParams(players=3)), "kuhn_poker(players=3)"),
        (LeducPoker(1), "leduc_poker"),
    ):
        names = [name for player in game.sequence_form().players for name in player.name]
        assert len(set(names)) == len(names)
        assert sorted(names) == sorted(all_information_states(pyspiel.load_game(name)))


def all_information_states(game) -> set[str]:
    found, open_states = set(), [game.new_initial_state()]
    while open_states:
        state = open_states.pop()
        if state.is_terminal():
            continue
        if not state.is_chance_node():
            found.add(state.information_state_string())
        open_states += [state.child(action) for action in state.legal_actions()]
    return found


def test_nash_conv_agrees_with_openspiel_for_three_players() -> None:
    pytest.importorskip("pyspiel", reason="OpenSpiel is not installed")
    import pyspiel
    from open_spiel.python import policy
    from open_spiel.python.algorithms import exploitability

    form = KuhnPoker(1, params=KuhnParams(players=3)).sequence_form()
    game = pyspiel.load_game("kuhn_poker(players=3)")
    assert form.nash_conv(uniform(form)) == pytest.approx(
        exploitability.nash_conv(game, policy.UniformRandomPolicy(game))
    )


def test_games_that_are_too_large_say_so() -> None:
    with pytest.raises(UserError, match="too large"):
        KuhnPoker(1, params=KuhnParams(players=9)).sequence_form()


def test_games_whose_observations_forget_are_refused() -> None:
    with pytest.raises(ValueError, match="no perfect recall"):
        sequence_form(TicTacToe(1))


def test_leduc_is_built_with_few_steps_of_python() -> None:
    """About 15,000 calls: a history at a time would take hundreds of thousands."""
    game, calls = LeducPoker(1), 0

    def count(frame: Any, event: str, arg: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        game.sequence_form()
    finally:
        sys.setprofile(None)
    assert calls < 30_000


def test_sequence_form_sees_what_rows_show(run) -> None:
    for env in (KuhnPoker(64), LeducPoker(256), matrix(8, params=MatrixParams(game="stag_hunt"))):
        known = [set(tabular.observation_keys(player.observation).tolist()) for player in env.sequence_form().players]
        lanes = np.arange(env.lanes)
        for tick in run(env, lanes, env.reset(lanes, lanes.astype(np.uint64))):
            (rows,) = tick.turn
            assert rows.observation.dtype == env.sequence_form().players[0].observation.dtype
            for key, agent in zip(tabular.observation_keys(rows.observation).tolist(), rows.agent, strict=True):
                assert key in known[agent]


def test_uniform_play_earns_what_the_sequence_form_says(run) -> None:
    for env in (KuhnPoker(20_000), LeducPoker(20_000), KuhnPoker(20_000, params=KuhnParams(players=3))):
        lanes = np.arange(env.lanes)
        total = np.zeros((env.lanes, len(env.spec.agents)))
        for tick in run(env, lanes, env.reset(lanes, lanes.astype(np.uint64))):
            total[tick.step.lanes] += tick.step.rewards
        form = env.sequence_form()
        error = total.std(axis=0) / np.sqrt(env.lanes)
        assert (np.abs(total.mean(axis=0) - form.returns(uniform(form))) < 4 * error).all()


def test_matrix_games_have_their_equilibria() -> None:
    rps, pennies = (
        matrix(1, params=MatrixParams(game=game)).sequence_form()
        for game in ("rock_paper_scissors", "matching_pennies")
    )
    assert rps.nash_conv(uniform(rps)) == pytest.approx(0)
    assert pennies.nash_conv(uniform(pennies)) == pytest.approx(0)
    dilemma = matrix(1, params=MatrixParams(game="prisoners_dilemma")).sequence_form()
    defect = [player.plan(np.array([[0.0, 1.0]])) for player in dilemma.players]
    assert dilemma.nash_conv(defect) == pytest.approx(0)
    assert dilemma.nash_conv(first_legal(dilemma)) == pytest.approx(10)
