"""Known answers of the solvers, as jobs: equilibria, answers to others, going on, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from marl.errors import UserError
from marl.exact import Decisions, SequenceForm
from marl.job import SELF, Job
from marl.tabular import agent_keys, observation_keys
from marl_tabular.algorithm import learners_game
from marl_tabular.game import LearnersGame, Seen
from marl_tabular.layout import Layout, Passes
from marl_tabular.rnad import DynamicsParams, NashDynamics

FAMILY = ["cfr", "cfr_plus", "linear_cfr", "dcfr"]
GOING_ON: dict[str, dict[str, Any]] = {
    "mmd": {"magnet_every": 5},
    "rnad": {"reference_every": 5},
    "nash_md": {"reference_every": 5},
    "mccfr": {"traversals": 2},
}
BIASED_STEPS: dict[str, dict[str, Any]] = {
    "rnad": {"rate": 0.1, "eta": 0.3, "reference_every": 50},
    "mmd": {"eta": 0.1, "alpha": 0.3, "magnet_every": 50},
    "nash_md": {"eta": 0.1, "tau": 0.3, "reference_every": 50},
}
BIASED = np.array([[0, -2, 1], [2, 0, -1], [-1, 1, 0]])  # rock, paper, scissors; (1/4, 1/4, 1/2) is its equilibrium


@pytest.mark.parametrize("name", FAMILY)
def test_kuhn_is_worth_a_loss_of_one_eighteenth(desk: Callable[..., Any], name: str) -> None:
    kuhn = desk("classic/kuhn_poker")
    player, _ = kuhn.keep(kuhn.work(f"tabular/{name}", iterations=1000))
    assert kuhn.form.returns(kuhn.plans(player)) == pytest.approx([-1 / 18, 1 / 18], abs=2e-3)
    assert kuhn.nash_conv(player) < {"cfr": 0.02, "linear_cfr": 0.02}.get(name, 0.002)


@pytest.mark.parametrize(("name", "exploitability"), [("cfr", 0.095716), ("cfr_plus", 0.013416), ("dcfr", 0.007761)])
def test_leduc_after_a_hundred_iterations(desk: Callable[..., Any], name: str, exploitability: float) -> None:
    """CFR+: 0.0134, as OpenSpiel's C++ has it."""
    leduc = desk("classic/leduc_poker")
    player, _ = leduc.keep(leduc.work(f"tabular/{name}", iterations=100))
    assert leduc.nash_conv(player) / 2 == pytest.approx(exploitability, abs=1e-6)


def test_the_average_of_one_iteration_is_uniform(desk: Callable[..., Any]) -> None:
    """The first policies are uniform; they are all that the average has."""
    kuhn = desk("classic/kuhn_poker")
    player, _ = kuhn.keep(kuhn.work("tabular/cfr", iterations=1))
    assert kuhn.nash_conv(player) == pytest.approx(11 / 12)


@pytest.mark.parametrize("name", [*FAMILY, "xfp", "mmd", "rnad", "nash_md", "mccfr"])
def test_going_on_is_bit_identical(desk: Callable[..., Any], name: str) -> None:
    """The magnet of mirror descent moves in between."""
    leduc, params = desk("classic/leduc_poker"), GOING_ON.get(name, {})
    whole = leduc.work(f"tabular/{name}", iterations=20, **params)
    _, parent = leduc.keep(leduc.work(f"tabular/{name}", iterations=7, **params))
    parts = leduc.work(f"tabular/{name}", iterations=13, parent=parent, **params)
    assert parts.snapshot.id == whole.snapshot.id
    assert parts.metrics == whole.metrics == {"iterations": 20}
    assert all(np.array_equal(parts.checkpoint.arrays[key], value) for key, value in whole.checkpoint.arrays.items())


def test_one_side_alone_answers_the_others(desk: Callable[..., Any]) -> None:
    """Against somebody who stands still, regret goes away: what it earns is what a best response earns."""
    kuhn = desk("classic/kuhn_poker")
    fixed, _ = kuhn.keep(kuhn.work("tabular/cfr", iterations=1))
    answer, _ = kuhn.keep(kuhn.work("tabular/cfr_plus", side=1, opponents=(((fixed, 1.0),), ()), iterations=500))
    best = kuhn.form.best_response(1, kuhn.plans(fixed))[1]
    assert kuhn.form.returns(kuhn.plans(fixed, answer))[1] == pytest.approx(best, abs=1e-3)


def test_opponents_who_are_partly_the_learner_are_met_so(desk: Callable[..., Any]) -> None:
    """Three quarters of the time the other side stands still."""
    kuhn = desk("classic/kuhn_poker")
    fixed, _ = kuhn.keep(kuhn.work("tabular/cfr", iterations=1))
    exact = kuhn.services.exact()
    mixed = learners_game(exact, Job("tabular/cfr", 0, ((), ((SELF, 0.25), (fixed, 0.75))), 0))
    own = np.random.default_rng(0).random(exact.form.players[1].sequences)
    plans = [mixed.layouts[0].spread(np.zeros(13)), mixed.layouts[1].spread(own)]
    found = mixed.layouts[0].gather(mixed.gradient(0, plans))
    expected = exact.form.gradient(0, [own, 0.25 * own + 0.75 * exact.plan(1, fixed)])
    assert found == pytest.approx(expected)
    plans = [mixed.layouts[0].spread(np.ones(13)), plans[1]]
    assert mixed.layouts[1].gather(mixed.gradient(1, plans)) == pytest.approx(
        exact.form.gradient(1, [np.ones(13), own])
    )


def test_the_average_of_a_symmetric_game_plays_every_side(desk: Callable[..., Any]) -> None:
    game = desk("classic/rock_paper_scissors")
    player, _ = game.keep(game.work("tabular/cfr_plus", iterations=200))
    assert game.nash_conv(player) < 1e-3
    assert np.array_equal(*game.plans(player))


def test_sides_that_see_the_same_have_tables_of_their_own(desk: Callable[..., Any]) -> None:
    """Both sides of a matrix game see nothing; the row player of this one goes up, the column player right."""
    game = desk("classic/matrix", payoffs=[[[3, 2], [2, 1]], [[0, 1], [3, 0]]])
    player, _ = game.keep(game.work("tabular/cfr", iterations=50))
    row, column = game.plans(player)
    assert row[1] > 0.95 and column[2] > 0.95


def test_what_cannot_be_solved_is_refused_in_a_sentence(desk: Callable[..., Any]) -> None:
    kuhn, leduc = desk("classic/kuhn_poker"), desk("classic/leduc_poker")
    with pytest.raises(UserError, match="has no key 'iteration'; did you mean"):
        kuhn.work("tabular/cfr", iteration=3)
    with pytest.raises(UserError, match="iterations must be at least 1, not 0"):
        kuhn.work("tabular/cfr", iterations=0)
    with pytest.raises(UserError, match="alpha must be at least 0, not -1"):
        kuhn.work("tabular/dcfr", alpha=-1)
    _, parent = kuhn.keep(kuhn.work("tabular/cfr", iterations=1))
    with pytest.raises(
        UserError, match=r"cannot go on from checkpoint .*: its tables are of another solver, other sides"
    ):
        leduc.work("tabular/cfr", parent=parent)


def test_fictitious_play_converges_by_its_averages(desk: Callable[..., Any]) -> None:
    """In rock, paper, scissors it is what everybody knows: the answer to uniform play is the first action, rock."""
    game = desk("classic/rock_paper_scissors")
    player, _ = game.keep(game.work("tabular/xfp", iterations=1))
    assert game.plans(player)[0] == pytest.approx([1, 2 / 3, 1 / 6, 1 / 6])
    kuhn = desk("classic/kuhn_poker")
    player, _ = kuhn.keep(kuhn.work("tabular/xfp", iterations=300))
    assert kuhn.nash_conv(player) < 0.03


def test_the_last_policy_of_mirror_descent_converges(desk: Callable[..., Any]) -> None:
    """With a magnet that stays to a regularised equilibrium, with one that follows to an equilibrium."""
    kuhn = desk("classic/kuhn_poker")
    follows, _ = kuhn.keep(kuhn.work("tabular/mmd", eta=3.0, alpha=0.03, iterations=1000))
    stays, _ = kuhn.keep(kuhn.work("tabular/mmd", eta=3.0, alpha=0.03, magnet_every=0, iterations=1000))
    assert kuhn.nash_conv(follows) < 1e-5
    assert kuhn.nash_conv(stays) == pytest.approx(0.0452, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "params"), [("rnad", {"rate": 0.4, "eta": 0.1, "reference_every": 50}), ("nash_md", {}), ("mmd", {})]
)
def test_last_policies_go_to_the_equilibrium(desk: Callable[..., Any], name: str, params: dict[str, Any]) -> None:
    kuhn, biased = desk("classic/kuhn_poker"), desk("classic/matrix", payoffs=BIASED.tolist())
    player, _ = kuhn.keep(kuhn.work(f"tabular/{name}", iterations=400, **params))
    assert kuhn.nash_conv(player) < 2e-3
    player, _ = biased.keep(biased.work(f"tabular/{name}", iterations=1500, **BIASED_STEPS[name]))
    assert biased.plans(player)[0][1:] == pytest.approx([0.25, 0.25, 0.5], abs=1e-3)


@pytest.mark.parametrize(("name", "off"), [("rnad", {"eta": 0.0}), ("mmd", {"alpha": 0.0}), ("nash_md", {"tau": 0.0})])
def test_without_regularisation_they_go_round_in_circles(desk: Callable[..., Any], name: str, off: Any) -> None:
    """Plain self-play on the biased game: from where it begins it gets further away, not nearer."""
    biased = desk("classic/matrix", payoffs=BIASED.tolist())
    player, _ = biased.keep(biased.work(f"tabular/{name}", iterations=1500, **{**BIASED_STEPS[name], **off}))
    assert biased.nash_conv(player) > 0.5


def test_a_reference_that_stays_gives_the_regularised_equilibrium(desk: Callable[..., Any]) -> None:
    """Known answers in a game of one decision: softmax of what actions win, over what departing costs."""
    biased = desk("classic/matrix", payoffs=BIASED.tolist())
    player, _ = biased.keep(biased.work("tabular/rnad", rate=0.2, eta=0.5, reference_every=0, iterations=500))
    policy = biased.plans(player)[0][1:]
    assert policy == pytest.approx(softmax(BIASED @ policy / 0.5), abs=1e-6)
    player, _ = biased.keep(biased.work("tabular/nash_md", eta=0.2, tau=0.5, reference_every=0, iterations=500))
    policy = biased.plans(player)[0][1:]
    mixed = softmax(0.9 * np.log(policy))
    assert policy == pytest.approx(softmax(BIASED @ mixed / 0.5), abs=1e-6)


def softmax(scores: Any) -> Any:
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def test_what_one_side_pays_for_its_ratios_the_other_earns(desk: Callable[..., Any]) -> None:
    """The value of the changed game is that of its matches, one by one, and sums to zero."""
    kuhn = desk("classic/kuhn_poker")
    form, params = kuhn.form, DynamicsParams(eta=0.3, reference_every=4)
    solver = NashDynamics(LearnersGame(form, [Seen(1.0, None)] * 2), (0, 1), params)
    for _ in range(6):
        solver.iterate()
    plans = list(solver.averages().values())
    often = form.chance * plans[0][form.end[:, 0]] * plans[1][form.end[:, 1]]
    paid = [solver.tables[n].layout.gather(solver.tables[n].paid())[form.end[:, n]] for n in (0, 1)]
    assert often.sum() == pytest.approx(1.0)
    expected = form.returns(plans)[0] + 0.3 * (often @ (paid[1] - paid[0]))
    forces = [solver.forces(side) for side in (0, 1)]
    for table, (gradient, reach) in zip(solver.tables.values(), forces, strict=True):
        table.move(gradient, reach, params)
    assert [gradient[-1] / params.rate for gradient, _ in forces] == pytest.approx([expected, -expected])
    assert abs(expected - form.returns(plans)[0]) > 1e-4


def test_dynamics_need_two_sides_and_a_form_that_tells_chance(desk: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="here are 3 sides, not two: tabular/mmd takes any number"):
        desk("classic/kuhn_poker", players=3).work("tabular/rnad", iterations=1)
    with pytest.raises(UserError, match=r"eta \* tau must be at most 1"):
        desk("classic/kuhn_poker").work("tabular/nash_md", eta=3, tau=0.5)


def test_monte_carlo_comes_near_the_equilibrium(desk: Callable[..., Any]) -> None:
    kuhn = desk("classic/kuhn_poker")
    player, _ = kuhn.keep(kuhn.work("tabular/mccfr", iterations=40, traversals=50))
    assert kuhn.nash_conv(player) < 0.1


def test_a_traversal_has_the_regrets_of_the_tree_on_average(desk: Callable[..., Any]) -> None:
    """After one iteration, the mean over traversals is the counterfactual regret of CFR's first."""
    kuhn = desk("classic/kuhn_poker")
    sampled = kuhn.work("tabular/mccfr", iterations=1, traversals=20_000).checkpoint.arrays
    exact = kuhn.work("tabular/cfr", iterations=1).checkpoint.arrays["regret_0"]
    decisions = kuhn.form.players[0]  # side 1 of CFR has already seen how side 0 changed
    place = {key: row for row, key in enumerate(sampled["key"].tolist())}
    keys = agent_keys(observation_keys(decisions.observation), np.zeros(len(decisions.parent), dtype=np.int64))
    for infoset, key in enumerate(keys.tolist()):
        begin = decisions.start[infoset]
        expected = exact[begin : begin + decisions.size[infoset]]
        assert sampled["regret"][place[key]] / 20_000 == pytest.approx(expected, abs=0.02)


def test_monte_carlo_needs_turns_copies_and_itself(desk: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="here several act at once"):
        desk("classic/rock_paper_scissors").work("tabular/mccfr")
    kuhn = desk("classic/kuhn_poker")
    fixed, _ = kuhn.keep(kuhn.work("tabular/cfr", iterations=1))
    with pytest.raises(UserError, match="learns by self-play alone"):
        kuhn.work("tabular/mccfr", opponents=((), ((fixed, 1.0),)))


def test_games_of_few_and_many_actions_have_blocks_with_the_same_answers() -> None:
    """Passes over blocks are those of the sequence form, whatever stands where."""
    form = small_and_wide()
    layout = Layout(form.players[0])
    assert [block.width for block in layout.blocks] == [1, 2, 16]
    behaviour = np.random.default_rng(1).random(form.players[0].mask.shape) * form.players[0].mask
    behaviour /= behaviour.sum(axis=1, keepdims=True)
    policy, plan = layout.spread(np.ones(form.players[0].sequences)), np.zeros(layout.size)
    owner, action = form.players[0].infoset[1:], form.players[0].action[1:]
    policy[layout.slots[1:]] = behaviour[owner, action]
    passes = Passes(layout, policy, plan)
    passes.plan()
    expected = form.players[0].plan(behaviour)
    assert layout.gather(plan) == pytest.approx(expected)
    gradient = np.random.default_rng(2).random(form.players[0].sequences)
    flat = layout.spread(gradient)
    passes.values(flat)
    assert flat[-1] == pytest.approx(gradient @ expected)


def small_and_wide() -> SequenceForm:
    """One player: two actions first, then one, then sixteen; a dozen more single ones make the grid sparse."""
    sizes = [2, 1, 16, *[1] * 12]
    parent = np.array([0, 1, 3, *range(4, 16)])
    start = 1 + np.cumsum([0, *sizes[:-1]])
    action = np.concatenate([[-1], *[np.arange(size) for size in sizes]])
    mask = np.arange(16) < np.array(sizes)[:, None]
    names = tuple(map(str, range(len(sizes))))
    one = Decisions(parent, start, np.array(sizes), action, np.eye(len(sizes)), mask, names)
    return SequenceForm.build([one], np.arange(1, one.sequences)[:, None], np.ones((one.sequences - 1, 1)))
