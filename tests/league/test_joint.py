"""Joint meta-strategies: coarse correlated equilibria, best responses to them, and matches that are drawn together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from league.checked.metasolver import CheckedMetaSolver
from league.manager import Manager
from league.metasolvers.cce import CoarseCorrelated, deviations
from league.payoffs import Payoffs
from league.payoffs.joint import Joint
from league.reader import read_view
from marl.arena import lineup
from marl.errors import RunError, UserError
from marl.job import SELF, Job, marginals
from marl.registry import ENVIRONMENTS, Component, load_registry
from marl.types import Floats

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")

Make = Callable[..., Manager]

CHICKEN = np.array([[[6.0, 2.0], [7.0, 0.0]], [[6.0, 7.0], [2.0, 0.0]]])
"""Aumann's (1974), dare and swerve."""


def guessed_chicken() -> Floats:
    """Two play chicken, and a third earns 1 if it says whether both swerve (action 1: they do)."""
    tables = np.zeros((3, 2, 2, 2))
    for one, two, three in product(range(2), repeat=3):
        tables[:2, one, two, three] = CHICKEN[:, one, two]
        tables[2, one, two, three] = float((one == two == 0) == bool(three))
    return tables


def gap(tables: Floats, weights: Floats) -> float:
    """What the best deviation gains."""
    return float((deviations(tables) @ weights.ravel()).max())


def test_chicken_has_its_known_best_equilibrium() -> None:
    """Nash gives 14/3 to each in the mixed one; drawn together, they earn 5.25."""
    joint = CoarseCorrelated()(Payoffs.of(CHICKEN))
    np.testing.assert_allclose(joint.weights, [[0.5, 0.25], [0.25, 0]], atol=1e-7)
    assert Payoffs.of(CHICKEN).expected_joint(joint)[0] == pytest.approx([5.25, 5.25])


def test_three_players_who_draw_together_know_what_no_independent_mixture_knows() -> None:
    tables = guessed_chicken()
    joint = CoarseCorrelated()(Payoffs.of(tables))
    known = np.zeros((2, 2, 2))
    known[0, 0, 1], known[0, 1, 0], known[1, 0, 0] = 0.5, 0.25, 0.25
    np.testing.assert_allclose(joint.weights, known, atol=1e-7)
    first, second, third = joint.marginals
    apart = np.einsum("i,j,k->ijk", first, second, third)
    assert gap(tables, joint.weights) < 1e-7 < 0.1 < gap(tables, apart)


@pytest.mark.parametrize("seed", range(5))
def test_nobody_gains_by_leaving_a_solved_table(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tables = rng.normal(size=(3, 3, 4, 2)) * 10.0 ** rng.integers(-3, 4)
    joint = CoarseCorrelated()(Payoffs.of(tables))
    assert joint.weights.sum() == pytest.approx(1) and (joint.weights >= 0).all()
    assert gap(tables, joint.weights) <= 1e-6 * np.abs(tables).max()
    nothing_better = tables.sum(axis=0).max()
    assert (tables.sum(axis=0) * joint.weights).sum() <= nothing_better + 1e-9


def test_players_that_are_the_same_count_once() -> None:
    again = np.array([0, 1, 0])
    payoffs = Payoffs(
        CHICKEN[:, again], np.full((3, 2), np.inf), np.zeros((2, 3, 2)), (np.array([0, 1, 0]), np.arange(2))
    )
    np.testing.assert_allclose(CoarseCorrelated()(payoffs).weights, [[0.5, 0.25], [0.25, 0], [0, 0]], atol=1e-7)


def test_in_a_symmetric_game_all_sides_are_treated_alike() -> None:
    tables = np.array([[[0.0, 1.0], [1.0, 0.0]]])  # who differs earns 1: two best equilibria, each an exchange
    joint = CheckedMetaSolver(Component("league/cce"), load_registry())(Payoffs.of(tables, symmetric=True))
    assert isinstance(joint, Joint)
    np.testing.assert_allclose(joint.weights, [[0, 0.5], [0.5, 0]], atol=1e-7)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.ones((2, 3)) / 6, r"the weights of a Joint have the shape \[2, 3\], and not \[2, 2\]"),
        (np.ones((2, 2)), "it sums to 4"),
        (np.array([[2.0, 0], [0, -1]]), "it has a weight of -1"),
    ],
)
def test_a_joint_answer_is_checked(weights: Floats, said: str) -> None:
    solver = CheckedMetaSolver(Component("league/cce"), load_registry())
    solver.solve = lambda payoffs: Joint(weights)
    with pytest.raises(RunError, match=said):
        solver(Payoffs.of(CHICKEN))


def scenario(tables: Floats) -> str:
    text = f"env: {{name: classic/matrix, payoffs: {json.dumps(tables.tolist())}}}\nmeasures: [cce_gap]\n"
    return text + "strategy: {name: psro, metasolver: cce, founder: marl/first}\nstop: {iterations: 20}\n"


def test_the_loop_ends_at_the_known_equilibrium_of_three_players(league: Make) -> None:
    manager = league(scenario(guessed_chicken()))
    done = list(manager.run())
    assert "no best response is new" in manager.reason
    assert done[-1].measures["cce_gap"].value == pytest.approx(0, abs=1e-7)
    assert done[-1].values == pytest.approx((5.25, 5.25, 1.0))
    shares = dict(done[-1].joint or ())
    assert sorted(shares.values()) == pytest.approx([0.25, 0.25, 0.5])
    view = read_view(manager.ledger, manager.config)
    assert view.iterations == tuple(done)
    assert view.profiles(0)[0][0][0] == ""


def test_a_killed_league_with_a_joint_meta_strategy_ends_the_same(league: Make) -> None:
    whole, cut = league(scenario(guessed_chicken())), league(scenario(guessed_chicken()), run="cut")
    list(whole.run())
    run = cut.run()
    next(run), next(run)
    again = league(scenario(guessed_chicken()), run="cut")
    list(again.run())
    assert again.ledger.digest() == whole.ledger.digest()


def test_the_gap_of_three_player_kuhn_poker_falls(league: Make) -> None:
    """JPSRO(CCE) on OpenSpiel's game where it is installed; ours is the same."""
    try:
        import marl_openspiel  # noqa: F401

        env = "{name: openspiel/kuhn_poker, parameters: {players: 3}}"
    except ImportError:
        env = "{name: classic/kuhn_poker, players: 3}"
    text = f"env: {env}\nmeasures: [cce_gap]\nstrategy: {{name: psro, metasolver: cce}}\nstop: {{iterations: 12}}\n"
    done = list(league(text).run())
    gaps = [one.measures["cce_gap"].value for one in done]
    assert gaps[0] == pytest.approx(2.0625, abs=0.01)  # of uniform play, where it is NashConv
    assert min(gaps) == gaps[-1] < 0.25 * gaps[0]


def test_who_answers_a_joint_distribution_answers_its_mean(league: Make) -> None:
    """Without its own draw the third player knows nothing: each of its two guesses is right half the time."""
    manager = league(scenario(guessed_chicken()))
    list(manager.run())
    view = manager.view()
    game = manager.services.exact()
    joint = view.profiles(2)
    gradient = game.gradient(2, joint)
    parts = [w * game.form.gradient(2, [game.plan(0, a), game.plan(1, b), np.zeros(3)]) for (a, b, _), w in joint]
    np.testing.assert_allclose(gradient, np.sum(parts, axis=0))
    assert gradient[1:] == pytest.approx([0.5, 0.5])


def test_matches_are_drawn_together() -> None:
    """The learner on side 0 meets (1, 2) or (2, 1), never (1, 1): its marginals would."""
    joint = ((("", "a", "b"), 0.75), (("", "b", "a"), 0.25))
    job = Job("any/thing", 0, marginals(joint), 5, joint=joint)
    assert job.opponents == ((), (("a", 0.75), ("b", 0.25)), (("b", 0.75), ("a", 0.25)))
    spec = load_registry().make(ENVIRONMENTS, "classic/kuhn_poker", {"players": 3}, lanes=1).spec
    found = lineup(job, spec)
    assert (found.ids, found.sides) == ((SELF, "a", "b"), (0,))
    players = found.source(7)
    drawn = players.block(0, 4000).players
    assert {tuple(row) for row in drawn.tolist()} == {(0, 1, 2), (0, 2, 1)}
    assert (drawn[:, 1] == 1).mean() == pytest.approx(0.75, abs=0.03)
    np.testing.assert_array_equal(players.block(100, 50).players, drawn[100:150])


def test_a_job_without_a_joint_distribution_is_the_job_that_it_was() -> None:
    job = Job("league/best_response", 0, ((), (("a", 1.0),)), 3)
    assert job.id == "c9a39c5c9407aa096ee7d0178adc11f1"
    assert replace(job, joint=((("", "a"), 1.0),)).id != job.id


def test_a_solver_for_independent_opponents_says_so(league: Make) -> None:
    from marl.solver import SolverAlgorithm

    class Apart(SolverAlgorithm):
        def solve(self, job, game, plans):  # type: ignore[no-untyped-def]
            raise AssertionError

    manager = league(scenario(guessed_chicken()))
    joint = ((("", "a", "b"), 1.0),)
    with pytest.raises(UserError, match="answers opponents who draw each for himself"):
        Apart().train(Job("x/apart", 0, marginals(joint), 1, joint=joint), manager.services)
