"""Known answers, and agreement of our sequence form with OpenSpiel's C++."""

from __future__ import annotations

import numpy as np
import pytest

from marl import rng, tabular
from marl.errors import UserError
from marl_openspiel import exact, games, sequences
from marl_openspiel.params import GameParams


def uniform(form):
    return [player.uniform() for player in form.players]


def always(form, action):
    return [np.eye(player.mask.shape[1])[np.full(len(player.mask), action)] for player in form.players]


def noise(form, seed):
    generator = np.random.default_rng(seed)
    tables = [generator.random(player.mask.shape) ** 3 * player.mask for player in form.players]
    return [table / table.sum(axis=1, keepdims=True) for table in tables]


def plans(form, behaviours):
    return [player.plan(behaviour) for player, behaviour in zip(form.players, behaviours, strict=True)]


@pytest.mark.parametrize(
    ("name", "policy", "value"),
    [
        ("kuhn_poker", uniform, 11 / 12),
        ("kuhn_poker", lambda form: always(form, 0), 2.0),
        ("leduc_poker", uniform, 4.747222222222222),
        ("leduc_poker", lambda form: _always_fold(form), 2.0),
    ],
)
def test_known_nash_conv(name, policy, value):
    environment = games.make(name, lanes=1)
    form = environment.sequence_form()
    behaviours = policy(form)
    assert form.nash_conv(plans(form, behaviours)) == pytest.approx(value, abs=1e-9)
    assert exact.nash_conv(environment, behaviours) == pytest.approx(value, abs=1e-9)


def _always_fold(form):
    """The first legal action: fold where one can, call where there is nothing to fold to."""
    return [np.eye(player.mask.shape[1])[player.mask.argmax(axis=1)] for player in form.players]


def test_the_value_of_kuhn_is_a_loss_of_one_eighteenth():
    environment = games.make("kuhn_poker", lanes=1)
    form = environment.sequence_form()
    # the family of equilibria at alpha = 0: bet the king never first, bluff the jack in a third of the cases as second
    tables = {
        "0": [1, 0], "1": [1, 0], "2": [1, 0], "0pb": [1, 0], "1pb": [2 / 3, 1 / 3], "2pb": [0, 1],
        "0p": [2 / 3, 1 / 3], "1p": [1, 0], "2p": [0, 1], "0b": [1, 0], "1b": [2 / 3, 1 / 3], "2b": [0, 1],
    }  # fmt: skip
    behaviours = [np.array([tables[name] for name in player.name]) for player in form.players]
    assert form.returns(plans(form, behaviours)) == pytest.approx([-1 / 18, 1 / 18])
    assert form.nash_conv(plans(form, behaviours)) == pytest.approx(0, abs=1e-12)


SMALL = [
    ("kuhn_poker", {}, "auto"),
    ("kuhn_poker", {"players": 3}, "auto"),
    ("leduc_poker", {}, "auto"),
    ("goofspiel", {"num_cards": 4, "imp_info": True}, "auto"),
    ("goofspiel", {"num_cards": 3}, "information_state"),
    ("goofspiel", {"num_cards": 3, "players": 3, "imp_info": True}, "auto"),
    ("matrix_rps", {}, "auto"),
    ("matrix_pd", {}, "auto"),
    ("matching_pennies_3p", {}, "auto"),
    ("liars_dice", {"dice_sides": 3}, "auto"),
    ("coordinated_mp", {}, "auto"),
    ("mnk", {"m": 2, "n": 3, "k": 3}, "information_state_text"),
]


@pytest.mark.parametrize(("name", "parameters", "observation"), SMALL)
def test_the_sequence_form_agrees_with_openspiel(name, parameters, observation):
    environment = games.make(name, lanes=1, params=GameParams(parameters=parameters, observation=observation))
    form = environment.sequence_form()
    for seed in range(2):
        behaviours = noise(form, seed)
        realised = plans(form, behaviours)
        np.testing.assert_allclose(form.returns(realised), exact.expected_returns(environment, behaviours), atol=1e-9)
        assert form.nash_conv(realised) == pytest.approx(exact.nash_conv(environment, behaviours), abs=1e-9)
        for player in range(len(form.players)):
            value = exact.best_response_value(environment, player, behaviours)
            assert form.best_response(player, realised)[1] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(("name", "parameters", "observation"), SMALL)
def test_every_row_is_an_information_set_with_its_mask(name, parameters, observation, play):
    environment = games.make(name, lanes=20, params=GameParams(parameters=parameters, observation=observation))
    form = environment.sequence_form()
    known = [
        {shown.tobytes(): mask.tobytes() for shown, mask in zip(player.observation, player.mask, strict=True)}
        for player in form.players
    ]
    for rows in play(environment, range(20)).seen.values():
        for agent, shown, mask, _ in rows:
            assert known[agent][shown] == mask


def test_a_tabular_policy_of_the_form_plays_the_match():
    environment = games.make("leduc_poker", lanes=400)
    form = environment.sequence_form()
    folders = [tabular.snapshot(player, table) for player, table in zip(form.players, _always_fold(form), strict=True)]
    policies = [tabular.restore(environment.spec, each) for each in folders]
    (rows,) = environment.reset(np.arange(400), np.arange(400).astype(np.uint64))
    total = np.zeros(2)
    while rows is not None:
        keys = rng.mix(rows.lane, rows.agent)
        actions = np.zeros(len(rows), dtype=np.int64)
        for agent, policy in enumerate(policies):
            mine = np.flatnonzero(rows.agent == agent)
            if len(mine):
                actions[mine] = policy.act(rows.take(mine), None, keys[mine]).action
        assert np.array_equal(actions, rows.mask.argmax(axis=1))
        step = environment.step(np.unique(rows.lane), [actions])
        total += step.rewards.sum(axis=0)
        (rows,) = step.turn
    expected = form.returns(plans(form, _always_fold(form)))
    np.testing.assert_allclose(total / 400, expected, atol=0.25)


@pytest.mark.parametrize("name", ["chess", "connect_four", "goofspiel", "laser_tag"])
def test_a_large_game_is_refused_at_once(name):
    with pytest.raises(UserError, match="has more than 5,000,000 states"):
        games.make(name, lanes=1).sequence_form()


def test_the_limit_is_counted_too():
    environment = games.make("leduc_poker", lanes=1)
    with pytest.raises(UserError, match="more than 1,000 states"):
        sequences.build(environment.game, environment.sight, limit=1000)


def test_policies_too_large_for_memory_are_refused():
    with pytest.raises(UserError, match="information sets with 93,123 actions each"):
        games.make("colored_trails", lanes=1).sequence_form()


def test_rows_that_alias_information_sets_are_refused():
    environment = games.make(
        "goofspiel", lanes=1, params=GameParams(parameters={"num_cards": 4}, observation="observation")
    )
    with pytest.raises(UserError, match="make it with observation: information_state"):
        environment.sequence_form()


def test_a_game_that_forgets_is_not_told_to_look_otherwise():
    """Of cards that are seen while they are played, only those that are left are seen later; `imp_info` hides them."""
    params = {"num_cards": 4, "points_order": "descending"}
    with pytest.raises(UserError, match="players forget there what they saw"):
        games.make(
            "goofspiel", lanes=1, params=GameParams(parameters=params, observation="information_state")
        ).sequence_form()
    hidden = GameParams(parameters={**params, "imp_info": True}, observation="information_state")
    assert games.make("goofspiel", lanes=1, params=hidden).sequence_form().players[0].sequences > 1


def test_imperfect_recall_is_refused():
    with pytest.raises(UserError, match="no sequence form"):
        games.make("liars_dice_ir", lanes=1, params=GameParams(parameters={"dice_sides": 3})).sequence_form()


def test_games_that_draw_their_own_chance_are_refused():
    with pytest.raises(UserError, match="draws its chance itself"):
        games.make("tarok", lanes=1).sequence_form()
